package import Domain
package import Upstream

/// OpenAI's chat completions, as spoken by OpenAI, llama.cpp, vLLM, Ollama, LM Studio and many providers.
package struct OpenAIWire: ChatWire {
    package init() {}

    package func answer(
        _ body: [UInt8], host: String
    ) throws(UpstreamError) -> (answer: ChatAnswer, openAIBytes: [UInt8]?) {
        (try Self.readAnswer(body, host: host), body)
    }

    package func eventReader() -> any ChatEventReader {
        OpenAIEventReader()
    }

    package func modelsRequest(_ endpoint: Endpoint, key: String?) -> UpstreamRequest {
        UpstreamRequest(method: "GET", url: endpoint.url("/models"), headers: Self.authorization(key))
    }

    static func authorization(_ key: String?) -> [(String, String)] {
        key.map { [("Authorization", "Bearer \($0)")] } ?? []
    }
}
