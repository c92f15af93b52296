import Domain
package import JSON

/// The mark of a source: the member `hera` of a content part or message.
struct SourceMark: Sendable {
    let id: String
    let isOptional: Bool
    /// How much the source has to do with the request, 0...1, by the client; nil to measure it.
    let relevance: Double?

    /// The member that holds the mark.
    static let member = "hera"
    private static let mostIDBytes = 128

    init(_ value: JSONValue, path: String) throws(FieldError) {
        let fields = try FieldReader(value, path: path, known: ["source", "optional", "relevance"])
        guard let id = try fields.string("source"), !id.isEmpty, id.utf8.count <= Self.mostIDBytes,
            !id.utf8.contains(where: { $0 < 0x21 || $0 == UInt8(ascii: ",") || $0 > 0x7e })
        else {
            throw FieldError(
                fields.path("source"),
                "must be a name of 1 to \(Self.mostIDBytes) printable ASCII characters without spaces and commas")
        }
        self.id = id
        isOptional = try fields.boolean("optional") ?? false
        relevance = try fields.number("relevance", in: 0...1)
    }
}

/// The sources of a request that the client lets routing choose: `auto`, all, none, or those named.
package enum SourceRule: Hashable, Sendable {
    case auto, all, none
    case named([String])

    /// The request's member `hera.sources`.
    package static let member = "sources"

    /// - Throws: for a name that no optional source has.
    package init(_ value: JSONValue?, known: [String]) throws(FieldError) {
        guard let value, !value.isNull else {
            self = .auto
            return
        }
        let path = "hera.\(Self.member)"
        switch value.string {
        case "auto": self = .auto
        case "all": self = .all
        case "none": self = .none
        case let other?: throw FieldError(path, "'\(other)' is not known; use auto, all, none, or a list of sources")
        case nil:
            guard value.kind == .array else { throw FieldError(path, "must be auto, all, none, or a list of sources") }
            var names: [String] = []
            for (index, element) in value.elements.enumerated() {
                guard let name = element.string else { throw FieldError("\(path)[\(index)]", "must be a string") }
                guard known.contains(name) else {
                    let hint =
                        Spelling.closest(to: name, among: known).map { "did you mean '\($0)'?" }
                        ?? (known.isEmpty
                            ? "the request marks none as optional" : "there are: \(known.joined(separator: ", "))")
                    throw FieldError("\(path)[\(index)]", "no optional source is called '\(name)'; \(hint)")
                }
                names.append(name)
            }
            self = .named(names)
        }
    }
}
