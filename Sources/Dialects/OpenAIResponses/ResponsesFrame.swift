import Domain
import JSON

/// What a response says besides the model's words: when its request came, and what it repeats of it.
package struct ResponsesFrame: Sendable {
    private let createdAt: Timestamp
    /// Members that are the same in every state of the response, each a key and JSON text.
    private var members: [(key: String, value: [UInt8])] = []

    /// Repeated as they were asked for, with what stands where they were not.
    private static let repeated = [
        ("instructions", "null"), ("max_output_tokens", "null"), ("parallel_tool_calls", "true"),
        ("prompt_cache_key", "null"), ("reasoning", #"{"effort":null,"summary":null}"#),
        ("safety_identifier", "null"), ("temperature", "null"), ("text", #"{"format":{"type":"text"}}"#),
        ("tool_choice", #""auto""#), ("tools", "[]"), ("top_p", "null"), ("user", "null"),
    ]
    /// What is nothing but so here.
    private static let fixed = [
        ("background", "false"), ("previous_response_id", "null"), ("store", "false"), ("truncation", #""disabled""#),
    ]

    /// - Parameter fields: those of the request, which are checked but for the ones that are only repeated.
    init(_ fields: FieldReader, createdAt: Timestamp) throws(FieldError) {
        self.createdAt = createdAt
        for name in ["prompt_cache_key", "safety_identifier"] { _ = try fields.string(name) }
        for (name, absent) in Self.repeated {
            members.append((name, fields.value(name).map { Array($0.raw) } ?? Array(absent.utf8)))
        }
        for (name, value) in Self.fixed { members.append((name, Array(value.utf8))) }
        let metadata = fields.value("metadata")
        if let metadata {
            guard metadata.kind == .object, metadata.members.allSatisfy({ $0.value.kind == .string }) else {
                throw FieldError("metadata", #"must be an object of strings like {"name": "..."}"#)
            }
        }
        members.append(("metadata", metadata.map { Array($0.raw) } ?? Array("{}".utf8)))
    }

    /// Writes its members into a response.
    func write(to response: inout JSONWriter) {
        response.member("created_at", createdAt.milliseconds / 1000)
        for (key, value) in members { response.member(key, raw: value) }
    }
}
