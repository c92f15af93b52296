import Catalog
import Domain
import JSON

/// Aliases for the request member `model`, for clients with fixed model names.
///
/// A name is exact, or a pattern in which `*` matches any text. Its target is `hera`, `hera/<policy>` or a catalog
/// model, and is not resolved again, so there are no loops.
package struct ModelAliases: Hashable, Sendable {
    /// Targets by exact name.
    package private(set) var names: [String: String] = [:]
    /// Patterns, the longest first.
    package private(set) var patterns: [Pattern] = []

    package struct Pattern: Hashable, Sendable {
        package let text: String
        package var target: String

        /// Whether a name matches the pattern.
        func matches(_ name: String) -> Bool {
            let pieces = text.split(separator: "*", omittingEmptySubsequences: false)
            guard let head = pieces.first, let tail = pieces.last, name.utf8.count >= head.utf8.count + tail.utf8.count,
                name.hasPrefix(head), name.hasSuffix(tail)
            else { return false }
            var rest = Array(name.utf8.dropFirst(head.utf8.count).dropLast(tail.utf8.count))[...]
            for piece in pieces.dropFirst().dropLast() where !piece.isEmpty {
                guard let found = rest.firstRange(of: Array(piece.utf8)) else { return false }
                rest = rest[found.upperBound...]
            }
            return true
        }
    }

    package init() {}

    /// Reads the member `aliases` of the settings.
    ///
    /// - Parameter policies: names of the existing policies.
    init(json: JSONValue, policies: some Collection<String>) throws(FieldError) {
        guard json.kind == .object else {
            throw FieldError("aliases", "must be a map from names to `hera`, `hera/<policy>` or models")
        }
        for member in json.members {
            let path = "aliases.\(member.key)"
            guard let target = member.value.string, !target.isEmpty else {
                throw FieldError(path, "must be `hera`, `hera/<policy>` or a model of the catalog")
            }
            if member.key.isEmpty { throw FieldError("aliases", "has an empty name") }
            if Self.isOwn(member.key) {
                throw FieldError(path, "is a name of hera's own and cannot mean anything else")
            }
            if Self.isOwn(target), !["hera", "hera/default"].contains(target) {
                let policy = String(target.dropFirst("hera/".count))
                guard policies.contains(policy) else {
                    let hint = Spelling.closest(to: policy, among: policies).map { "did you mean 'hera/\($0)'?" }
                    throw FieldError(path, "no policy is named '\(policy)'; \(hint ?? "`policies` names them")")
                }
            }
            set(member.key, to: target)
        }
        patterns.sort { ($1.text.utf8.count, $0.text) < ($0.text.utf8.count, $1.text) }
    }

    private mutating func set(_ name: String, to target: String) {
        if name.contains("*") { patterns.append(Pattern(text: name, target: target)) } else { names[name] = target }
    }

    /// Whether a name is `hera` or `hera/...`; these are never aliases.
    static func isOwn(_ name: String) -> Bool { name == "hera" || name.hasPrefix("hera/") }

    /// The target of a name; nil where it is no alias.
    package func target(of name: String) -> String? {
        if Self.isOwn(name) { return nil }
        return names[name] ?? patterns.first { $0.matches(name) }?.target
    }

    /// Resolves the targets to catalog ids.
    ///
    /// - Throws: the alias without a catalog model, or equal to a model's id.
    func resolved(in catalog: ModelCatalog) throws(FieldError) -> ModelAliases {
        var aliases = self
        for (name, target) in names {
            if catalog[ModelID(name)]?.id.rawValue == name {
                throw FieldError(
                    "aliases.\(name)", "is a model of the catalog; deny it in `models` of a policy instead")
            }
            aliases.names[name] = try Self.resolved(target, in: catalog, field: "aliases.\(name)")
        }
        for (index, pattern) in patterns.enumerated() {
            aliases.patterns[index].target = try Self.resolved(
                pattern.target, in: catalog, field: "aliases.\(pattern.text)")
        }
        return aliases
    }

    private static func resolved(_ target: String, in catalog: ModelCatalog, field: String) throws(FieldError) -> String
    {
        isOwn(target) ? target : try catalog.id(of: ModelID(target), field: field).rawValue
    }
}
