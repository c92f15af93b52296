import Domain
import JSON

/// The name of a tool in the Responses format, and the one that stands for it in the chat format.
struct ResponsesToolName: Hashable, Sendable {
    /// The namespace that holds the tool; nil for a tool of the list itself.
    var namespace: String?
    var name: String
    /// Whether the model writes plain text for it instead of a JSON object.
    var isCustom = false

    private static let longest = 64
    /// The member of a function's arguments that holds the text of a custom tool.
    static let inputMember = "input"

    /// A function's name in the chat format: letters, digits, `_` and `-`, at most 64.
    var chatName: String {
        guard let namespace else { return name }
        let plain = String(
            "\(namespace)__\(name)".unicodeScalars.map { scalar in
                let isPlain =
                    scalar == "_" || scalar == "-" || ("0"..."9").contains(scalar) || ("a"..."z").contains(scalar)
                    || ("A"..."Z").contains(scalar)
                return isPlain ? Character(scalar) : "_"
            })
        guard plain.count > Self.longest else { return plain }
        var hash = StableHash()
        hash.combine(plain.utf8)
        return "\(plain.prefix(Self.longest - 17))_\(hash.hexadecimal.suffix(16))"
    }

    /// The text for a custom tool, from the arguments of the function that stands for it.
    static func input(of arguments: String) -> String {
        (try? JSONDocument(Array(arguments.utf8)))?.root[inputMember]?.string ?? arguments
    }

    /// The arguments of the function that stands for a custom tool, as a JSON string.
    ///
    /// - Parameter input: a JSON string.
    static func arguments(of input: JSONValue) -> [UInt8] {
        var writer = JSONWriter(capacity: input.raw.count + 16)
        writer.object { $0.member(inputMember, raw: input.raw) }
        return JSONWriter.quoted(String(decoding: writer.bytes, as: UTF8.self))
    }
}
