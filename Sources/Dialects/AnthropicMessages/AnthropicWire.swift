package import Domain
package import Upstream

/// Anthropic's messages.
package struct AnthropicWire: ChatWire {
    /// The version of the interface that is spoken.
    static let version = "2023-06-01"

    package init() {}

    package func answer(
        _ body: [UInt8], host: String
    ) throws(UpstreamError) -> (answer: ChatAnswer, openAIBytes: [UInt8]?) {
        (try Self.readAnswer(body, host: host), nil)
    }

    package func eventReader() -> any ChatEventReader {
        AnthropicEventReader()
    }

    package func modelsRequest(_ endpoint: Endpoint, key: String?) -> UpstreamRequest {
        UpstreamRequest(method: "GET", url: endpoint.url("/models"), headers: Self.authorization(key))
    }

    package func conceding(_ request: UpstreamRequest, to failure: UpstreamFailure) -> UpstreamRequest? {
        UnsupportedFieldRetry.request(request, after: failure)
    }

    static func authorization(_ key: String?) -> [(String, String)] {
        (key.map { [("x-api-key", $0)] } ?? []) + [("anthropic-version", version)]
    }
}
