#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Counts over the JSON of tool schemas in one pass: tools, parameters, overlap with the prompt.
///
/// It reads OpenAI's, Anthropic's and bare schemas, because it counts keys by their depth below `parameters` or
/// `input_schema` and decodes nothing.
struct ToolTally {
    /// Number of counts.
    static let count = 8

    private var tools = 0
    private var parameters = 0
    private var mostParameters = 0
    private var parametersOfTool = 0
    private var required = 0
    private var requiredInPrompt = 0
    private var nearest: Float = 0
    private var nearness: Float = 0
    /// The fit of each tool to the prompt.
    private(set) var fit = ToolFit()
    private let bytes: Int

    init(_ text: UnsafeBufferPointer<UInt8>, promptWords: WordSet, promptStems: WordSet) {
        bytes = text.count
        var path: [UInt64] = []
        var key: UInt64 = 0
        var described = 0
        var shared = 0
        var index = 0
        while index < text.count {
            switch text[index] {
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                path.append(key)
                key = 0
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                key = path.popLast() ?? 0
                // At the end of the outermost `parameters`, the following words are the tool's own again.
                if Self.isSchema(key), path.allSatisfy({ !Self.isSchema($0) }) {
                    tools += 1
                    mostParameters = max(mostParameters, parametersOfTool)
                    parametersOfTool = 0
                    let share = Float(shared) / Float(described + 1)
                    nearest = max(nearest, share)
                    nearness += share
                    described = 0
                    shared = 0
                }
                if path.count <= 1 { fit.closeTool(promptStems) }
                key = 0
            case UInt8(ascii: "\""):
                let (end, hash, words, known) = Self.string(text, from: index + 1, promptWords)
                var next = end
                while next < text.count, text[next] <= 0x20 { next += 1 }
                if next < text.count, text[next] == UInt8(ascii: ":") {
                    key = hash
                    if path.last == Self.propertiesKey, path.dropLast().filter({ $0 == Self.propertiesKey }).isEmpty {
                        parameters += 1
                        parametersOfTool += 1
                    }
                    if path.contains(where: Self.isSchema) {
                        fit.read(text, from: index + 1, as: .parameter, promptStems)
                    }
                } else {
                    let part: ToolFit.Part =
                        path.contains(where: Self.isSchema) ? .parameter : key == Self.nameKey ? .name : .about
                    if key == Self.typeKey {
                        fit.type(hash)
                    } else {
                        fit.read(text, from: index + 1, as: part, promptStems)
                    }
                    if path.last == Self.requiredKey {
                        required += 1
                        if known > 0 { requiredInPrompt += 1 }
                    } else if path.allSatisfy({ !Self.isSchema($0) }) {
                        described += words
                        shared += known
                    }
                }
                index = end
                continue
            default: break
            }
            index += 1
        }
    }

    /// The end of a string, its hash, its number of words, and how many of these the prompt contains.
    private static func string(
        _ text: UnsafeBufferPointer<UInt8>, from start: Int, _ promptWords: WordSet
    ) -> (end: Int, hash: UInt64, words: Int, known: Int) {
        var whole = WordHash()
        var word = WordHash()
        var length = 0
        var words = 0
        var known = 0
        var index = start
        while index < text.count {
            let byte = text[index]
            let isEnd = byte == UInt8(ascii: "\"")
            if !isEnd { whole.add(byte) }
            if !isEnd, ByteKind.of(byte) == .letter {
                word.add(byte)
                length += 1
            } else if length > 0 {
                if length > 2 {
                    words += 1
                    if promptWords.contains(word.value) { known += 1 }
                }
                word = WordHash()
                length = 0
            }
            if isEnd { break }
            index += byte == UInt8(ascii: "\\") ? 2 : 1
        }
        return (min(index + 1, text.count), whole.value, words, known)
    }

    func values(promptBytes: Int) -> [Float] {
        [
            Float(tools), Float(parameters), Float(mostParameters), Float(required), Float(bytes).squareRoot(),
            nearest, nearness / Float(max(tools, 1)), Float(requiredInPrompt) / Float(required + 1),
        ]
    }

    private static func isSchema(_ key: UInt64) -> Bool { key == parametersKey || key == inputSchemaKey }
    private static let parametersKey = WordHash.of("parameters")
    private static let inputSchemaKey = WordHash.of("input_schema")
    private static let propertiesKey = WordHash.of("properties")
    private static let nameKey = WordHash.of("name")
    private static let typeKey = WordHash.of("type")
    private static let requiredKey = WordHash.of("required")
}
