package import Dialects
package import Domain
package import JSON
import Upstream

extension ChatCall {
    /// A call with a body of JSON text.
    package static func sample(
        _ body: String, wire: WireFormat = .openAI, baseURL: String = "http://127.0.0.1:1/v1", key: String? = nil,
        isStreaming: Bool = false, removedMembers: [String] = []
    ) throws -> ChatCall {
        ChatCall(
            endpoint: Endpoint(baseURL: baseURL, wire: wire, modelName: "served-name", keyVariable: nil),
            credentials: Credentials(key: key),
            body: try JSONDocument(Array(body.utf8)), isStreaming: isStreaming, maximumOutputTokens: 777,
            removedMembers: removedMembers, timeouts: .test)
    }

    /// The sent body, parsed as JSON.
    package var sent: JSONValue {
        get throws { try JSONDocument(endpoint.wire.chat.request(self).body).root }
    }
}

extension JSONValue {
    /// The value without whitespace, as text.
    package var text: String { String(decoding: raw, as: UTF8.self) }
}

extension ModelID: ExpressibleByStringLiteral {
    /// A model id from a string literal.
    public init(stringLiteral name: String) { self.init(name) }
}
