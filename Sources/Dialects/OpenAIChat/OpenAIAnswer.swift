import Domain
import JSON
import Upstream

extension OpenAIWire {
    /// Reads a complete answer. An error object with a status of success, as some gateways send it, is an error.
    static func readAnswer(_ body: [UInt8], host: String) throws(UpstreamError) -> ChatAnswer {
        let root: JSONValue
        do {
            root = try JSONDocument(body).root
        } catch {
            throw .malformed(host: host, reason: "\(error)")
        }
        if let error = root["error"], !error.isNull, root["choices"] == nil {
            throw .status(FailureReader.read(root, statusWithoutCode: 502))
        }
        guard let choices = root["choices"], let choice = choices.elements.first(where: isFirst) else {
            throw .malformed(host: host, reason: "the answer has no choices")
        }
        guard let message = choice["message"], message.kind == .object else {
            throw .malformed(host: host, reason: "the first choice has no message")
        }
        var answer = ChatAnswer()
        readCommon(root, into: &answer)
        answer.text = text(message["content"])
        answer.refusal = message["refusal"]?.string
        answer.finishReason = choice["finish_reason"]?.string.map(FinishReason.init(openAI:))
        readNativeEnd(choice, into: &answer)
        readThinking(message, into: &answer)
        if let calls = message["tool_calls"] { answer.toolCalls = calls.elements.map(toolCall) }
        readLogProbabilities(choice, into: &answer)
        return answer
    }

    /// The choice that counts, of answers with several.
    static func isFirst(_ choice: JSONValue) -> Bool {
        (choice["index"]?.integer ?? 0) == 0
    }

    /// What whole answers and chunks have in common.
    static func readCommon(_ root: JSONValue, into answer: inout ChatAnswer) {
        if answer.id == nil { answer.id = root["id"]?.string }
        if answer.model == nil { answer.model = root["model"]?.string.flatMap { $0.isEmpty ? nil : $0 } }
        if let usage = usage(root["usage"]) { answer.usage = usage }
        if let name = root["service_tier"]?.string { answer.serviceTier = tier(name) ?? answer.serviceTier }
        if let timings = timings(root["timings"]) { answer.timings = timings }
    }

    /// `default` is what price lists call standard.
    private static func tier(_ name: String) -> ServiceTier? {
        name == "default" ? .standard : ServiceTier(rawValue: name)
    }

    static func readLogProbabilities(_ choice: JSONValue, into answer: inout ChatAnswer) {
        guard let tokens = choice["logprobs"]?["content"], tokens.kind == .array else { return }
        answer.logProbabilities = (answer.logProbabilities ?? []) + tokens.elements.compactMap { $0["logprob"]?.double }
    }

    /// What some servers say of the end besides `finish_reason` (see ``OpenAIWriter``).
    static func readNativeEnd(_ choice: JSONValue, into answer: inout ChatAnswer) {
        // vLLM gives the number of a stop token here, too.
        if let sequence = choice["stop_reason"]?.string { answer.stopSequence = sequence }
        if let name = choice["native_finish_reason"]?.string { answer.nativeFinishReason = name }
    }

    /// Blocks of thinking, or pieces of them in a stream, whose `index` says to which block they belong.
    static func readThinking(_ message: JSONValue, into answer: inout ChatAnswer) {
        guard let blocks = message["thinking_blocks"], blocks.kind == .array else { return }
        for value in blocks.elements {
            guard let block = AnthropicWire.thinking(value) else { continue }
            let index = value["index"]?.integer.flatMap { Int(exactly: $0) } ?? answer.thinking.count
            if answer.thinking.indices.contains(index) {
                answer.thinking[index].text += block.text
                answer.thinking[index].signature += block.signature
            } else {
                answer.thinking.append(block)
            }
        }
    }

    /// Text, or the texts of a list of parts.
    static func text(_ content: JSONValue?) -> String {
        guard let content else { return "" }
        return content.string ?? content.elements.compactMap { $0["text"]?.string }.joined()
    }

    private static func toolCall(_ value: JSONValue) -> ToolCall {
        let function = value["function"]
        // Text by the book; some servers send the object itself.
        let arguments = function?["arguments"].map { $0.string ?? String(decoding: $0.raw, as: UTF8.self) }
        return ToolCall(
            id: value["id"]?.string ?? "", name: function?["name"]?.string ?? "", arguments: arguments ?? "")
    }
}
