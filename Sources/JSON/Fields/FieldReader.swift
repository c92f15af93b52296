/// Reads the members of a JSON object by name and rejects unknown ones.
///
/// Every error names the field by its path and says what to write instead.
package struct FieldReader {
    /// Path of the object, for example `policy`; empty for the root.
    package let path: String
    private let object: JSONValue

    /// Throws if the value is no object, or has a member that is not among `known`.
    package init(_ value: JSONValue, path: String, known: [String]) throws(FieldError) {
        guard value.kind == .object else {
            throw FieldError(path, "must be a JSON object with the members \(known.joined(separator: ", "))")
        }
        for member in value.members where !known.contains(member.key) {
            let hint =
                Spelling.closest(to: member.key, among: known).map { "did you mean '\($0)'?" }
                ?? "known fields: \(known.joined(separator: ", "))"
            throw FieldError(Self.join(path, member.key), "unknown field; \(hint)")
        }
        self.path = path
        object = value
    }

    /// The member, or nil if it is absent or null.
    package func value(_ name: String) -> JSONValue? {
        guard let value = object[name], !value.isNull else { return nil }
        return value
    }

    /// The member's path, for errors.
    package func path(_ name: String) -> String { Self.join(path, name) }

    package func string(_ name: String) throws(FieldError) -> String? {
        guard let value = value(name) else { return nil }
        guard let text = value.string else { throw FieldError(path(name), "must be a string") }
        return text
    }

    package func boolean(_ name: String) throws(FieldError) -> Bool? {
        guard let value = value(name) else { return nil }
        guard let flag = value.boolean else { throw FieldError(path(name), "must be true or false") }
        return flag
    }

    /// A whole number within a range.
    package func integer(_ name: String, in range: ClosedRange<Int>) throws(FieldError) -> Int? {
        guard let value = value(name) else { return nil }
        guard let number = value.integer, let small = Int(exactly: number), range.contains(small) else {
            throw FieldError(path(name), "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return small
    }

    /// A finite number within a range.
    package func number(_ name: String, in range: ClosedRange<Double>) throws(FieldError) -> Double? {
        guard let value = value(name) else { return nil }
        guard let number = value.double, range.contains(number) else {
            let bounds =
                range.upperBound == .greatestFiniteMagnitude
                ? "of at least \(range.lowerBound)" : "from \(range.lowerBound) to \(range.upperBound)"
            throw FieldError(path(name), "must be a number \(bounds)")
        }
        return number
    }

    package func strings(_ name: String) throws(FieldError) -> [String]? {
        guard let value = value(name) else { return nil }
        guard value.kind == .array else { throw FieldError(path(name), "must be a list of strings") }
        var texts: [String] = []
        for element in value.elements {
            guard let text = element.string else { throw FieldError(path(name), "must be a list of strings") }
            texts.append(text)
        }
        return texts
    }

    /// One of the names of an enumeration.
    package func choice<Choice: RawRepresentable & CaseIterable>(
        _ name: String, of type: Choice.Type
    ) throws(FieldError) -> Choice? where Choice.RawValue == String {
        guard let text = try string(name) else { return nil }
        guard let choice = Choice(rawValue: text) else {
            let names = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw FieldError(path(name), "'\(text)' is not known; use one of \(names)")
        }
        return choice
    }

    private static func join(_ path: String, _ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }
}

/// An invalid field of a policy or job: its path, the problem and the fix.
package struct FieldError: Error, Equatable, CustomStringConvertible {
    /// Path of the field, for example `policy.kappa.base`.
    package let field: String
    package let problem: String

    package init(_ field: String, _ problem: String) {
        self.field = field
        self.problem = problem
    }

    package var description: String { field.isEmpty ? problem : "\(field): \(problem)" }
}
