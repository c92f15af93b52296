package import Domain
import JSON
import Upstream

extension OpenAIWire {
    /// Reads a complete answer. An error object with a status of success, as some gateways send it, is an error.
    static func readAnswer(_ root: JSONValue, host: String) throws(UpstreamError) -> ChatAnswer {
        if let error = root["error"], !error.isNull, !hasChoices(root) {
            throw .status(FailureReader.read(root, statusWithoutCode: 502))
        }
        guard let choices = root["choices"], let choice = choices.elements.first(where: isFirst)?.indexed else {
            throw .malformed(host: host, reason: "the answer has no choices")
        }
        guard let message = choice["message"]?.indexed, message.kind == .object else {
            throw .malformed(host: host, reason: "the first choice has no message")
        }
        var answer = ChatAnswer()
        var content = ChatDelta()
        content.id = root["id"]?.string
        content.model = model(root)
        readCommon(root, into: &content)
        content.text = text(message["content"])
        content.refusal = message["refusal"]?.string
        readEnd(choice, into: &content)
        readThinking(message, after: 0, into: &content)
        if let reasoning = reasoning(message) {
            content.thinking.append(ChatDelta.Thinking(index: content.thinking.count, block: reasoning))
        }
        content.extra = extra(message)
        if let calls = message["tool_calls"] { answer.toolCalls = calls.elements.map(toolCall) }
        if content.hasKept || answer.toolCalls.contains(where: \.hasExtra) {
            content.origin = host
        }
        answer.append(content)
        if let error = root["error"], !error.isNull {
            answer.failure = FailureReader.read(root, statusWithoutCode: 502)
        } else {
            answer.failure = failure(of: choice, status: 502)
        }
        return answer
    }

    /// Gives calls of tools that share an id ids of their own; returns the changes of the server's bytes.
    static func separateCalls(_ answer: inout ChatAnswer, _ root: JSONValue) -> [(range: Range<Int>, bytes: [UInt8])] {
        var edits: [(range: Range<Int>, bytes: [UInt8])] = []
        let calls = root["choices"]?.elements.first(where: isFirst)?["message"]?["tool_calls"]
        for (index, call) in answer.toolCalls.enumerated() where !call.id.isEmpty {
            let id = ToolCallPieces.unique(
                call.id, at: index, before: answer.toolCalls[..<index].contains { $0.id == call.id })
            guard id != call.id, let value = calls?[index]?["id"] else { continue }
            edits.append((value.range, JSONWriter.quoted(id)))
            answer.toolCalls[index].id = id
        }
        return edits
    }

    /// Whether an answer or a chunk has a choice, be it one with an error.
    static func hasChoices(_ root: JSONValue) -> Bool { root["choices"].map { $0.count > 0 } ?? false }

    /// The choice that counts, of answers with several.
    static func isFirst(_ choice: JSONValue) -> Bool {
        (choice["index"]?.integer ?? 0) == 0
    }

    static func model(_ root: JSONValue?) -> String? {
        root?["model"]?.string.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Reads what whole answers and chunks have in common.
    static func readCommon(_ root: JSONValue, into delta: inout ChatDelta) {
        // Most pieces of a stream count nothing.
        if root.mentions("usage") { delta.reported = reportedAnywhere(root) }
        if let name = root["service_tier"]?.string { delta.serviceTier = tier(name) }
        delta.timings = timings(root["timings"])
    }

    /// Moonshot's streams count in their last choice, and older ones of Groq in a member of their own.
    private static func reportedAnywhere(_ root: JSONValue) -> ReportedUsage? {
        reportedUsage(root["usage"])
            ?? reportedUsage(root["choices"]?.elements.first { _ in true }?["usage"])
            ?? reportedUsage(root["x_groq"]?["usage"])
    }

    /// `default` is what price lists call standard.
    private static func tier(_ name: String) -> ServiceTier? {
        name == "default" ? .standard : ServiceTier(rawValue: name)
    }

    /// Reads the members of a choice that stand next to its message: the end (see ``OpenAIWriter``) and probabilities.
    static func readEnd(_ choice: JSONValue, into delta: inout ChatDelta) {
        if let reason = choice["finish_reason"]?.string, reason.contains(where: { !$0.isWhitespace }) {
            delta.finishReason = FinishReason(openAI: reason)
        }
        // vLLM gives the number of a stop token here, too.
        if let sequence = choice["stop_reason"]?.string { delta.stopSequence = sequence }
        if let name = choice["native_finish_reason"]?.string { delta.nativeFinishReason = name }
        guard let tokens = choice["logprobs"]?["content"], tokens.kind == .array else { return }
        delta.logProbabilities = (delta.logProbabilities ?? []) + tokens.elements.map(tokenProbability)
        delta.rawLogProbabilities += tokens.elements.map { Array($0.raw) }
    }

    /// Alternatives that are read of a token; calls of this service ask for fewer.
    private static let mostAlternatives = 20

    private static func tokenProbability(_ value: JSONValue) -> TokenProbability {
        TokenProbability(
            token: value["token"]?.string ?? "", logarithm: value["logprob"]?.double ?? .nan,
            alternatives: value["top_logprobs"]?.elements.prefix(mostAlternatives).compactMap { $0["logprob"]?.double }
                ?? [])
    }

    /// The bytes of a whole answer or a chunk without the log-probabilities that its client did not ask for.
    package static func withoutLogProbabilities(_ bytes: [UInt8]) -> [UInt8] {
        guard let document = try? JSONDocument(bytes) else { return bytes }
        let edits = document.root["choices"]?.elements.compactMap { choice -> (range: Range<Int>, bytes: [UInt8])? in
            guard let value = choice["logprobs"], !value.isNull else { return nil }
            return (value.range, Array("null".utf8))
        }
        guard let edits, !edits.isEmpty else { return bytes }
        return document.replacing(edits)
    }

    /// Reasons that servers name for answers which they could not end.
    private static let failedReasons: Set = [
        "error", "failed", "failure", "abort", "aborted", "cancelled", "canceled", "timeout", "server_error",
        "internal_error", "insufficient_system_resource",
    ]

    /// The error that stands in a choice: in a member of its own, or as the reason for the end. Nil where there is none.
    ///
    /// - Parameter status: of an error without a code of its own.
    static func failure(of choice: JSONValue, status: Int) -> UpstreamFailure? {
        if let error = choice["error"], !error.isNull, !error.isString(""), error.boolean != false {
            return FailureReader.read(choice, statusWithoutCode: status)
        }
        guard let reason = choice["finish_reason"]?.string, failedReasons.contains(reason.lowercased()) else {
            return nil
        }
        return UpstreamFailure(
            status: status, code: nil, message: "it could not end its answer (finish_reason '\(reason)')",
            retryAfterSeconds: nil, isRetryable: true)
    }

    /// The reasoning that a message gives as text; nil where it has none.
    static func reasoning(_ message: JSONValue) -> ThinkingBlock? {
        for name in ThinkingBlock.reasoningMembers {
            guard let text = message[name]?.string, !text.isEmpty else { continue }
            return ThinkingBlock(text: text, member: name)
        }
        return nil
    }

    /// Members of a message that are read, or that tell nothing which a provider would want back.
    private static let knownMembers: Set = [
        "role", "content", "refusal", "tool_calls", "function_call", "annotations", "audio", "images", "name",
        "thinking_blocks", "reasoning_content", "reasoning", "tool_call_id", "index", "logprobs", "token_ids", "tokens",
        "prompt_token_ids", "stop_reason", "matched_stop", "finish_reason",
    ]

    /// The members of a message, or of a piece of one, that mean nothing here.
    static func extra(_ message: JSONValue) -> ExtraMembers { ExtraMembers(of: message, besides: knownMembers) }

    /// The same of a call of a tool, and of its function.
    static func extra(ofCall call: JSONValue) -> (call: ExtraMembers, function: ExtraMembers) {
        (
            ExtraMembers(of: call, besides: ToolCall.members),
            ExtraMembers(of: call["function"], besides: ToolCall.functionMembers)
        )
    }

    /// Reads blocks of thinking, or pieces of them in a stream, whose `index` says to which block they belong.
    ///
    /// - Parameter count: the blocks that the answer had before this event.
    static func readThinking(_ message: JSONValue, after count: Int, into delta: inout ChatDelta) {
        guard let blocks = message["thinking_blocks"], blocks.kind == .array else { return }
        var count = max(count, (delta.thinking.last?.index ?? -1) + 1)
        for value in blocks.elements {
            guard let block = AnthropicWire.thinking(value) else { continue }
            let index = value["index"]?.integer.flatMap { Int(exactly: $0) } ?? count
            let isKnown = (0..<count).contains(index)
            delta.thinking.append(ChatDelta.Thinking(index: isKnown ? index : count, block: block))
            if !isKnown { count += 1 }
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
        var call = ToolCall(
            id: value["id"]?.string ?? "", name: function?["name"]?.string ?? "", arguments: arguments ?? "")
        (call.extra, call.functionExtra) = extra(ofCall: value)
        return call
    }

    /// The arguments of a piece of a call; nil where they are missing or null.
    static func arguments(_ function: JSONValue) -> String? {
        function["arguments"].flatMap { value in
            value.string ?? (value.isNull ? nil : String(decoding: value.raw, as: UTF8.self))
        }
    }
}

/// Writes whole answers in OpenAI's format.
///
/// Members that OpenAI's format lacks have the names that others gave them: `thinking_blocks` of a message (LiteLLM),
/// `stop_reason` of a choice for the stop sequence met (vLLM), `native_finish_reason` (OpenRouter). The usage member
/// `cache_write_1h_tokens`, a part of `cache_write_tokens`, is hera's own.
package struct OpenAIWriter: Sendable {
    private let id: String
    private let model: String
    /// Seconds since 1970.
    private let created: Int64

    package init(id: String, model: String, created: Timestamp = .now()) {
        self.id = id
        self.model = model
        self.created = created.milliseconds / 1000
    }

    /// The body of an answer; those bytes where its server wrote OpenAI's format.
    package static func body(
        of answer: ChatAnswer, openAIBytes: [UInt8]?, created: Timestamp = .now()
    ) -> [UInt8] {
        openAIBytes
            ?? OpenAIWriter(id: answer.id ?? "", model: answer.model ?? "", created: created).body(answer)
    }

    /// A complete answer's body.
    package func body(_ answer: ChatAnswer) -> [UInt8] {
        let usage = answer.usage.map { answer.usage(orOf: $0.promptTokens) }
        return body(choices: [answer], usage: usage)
    }

    /// The body of several answers to one request.
    package func body(choices answers: [ChatAnswer], usage: Usage?) -> [UInt8] {
        var writer = JSONWriter(capacity: answers.reduce(512) { $0 + $1.text.utf8.count + 128 })
        writer.object { body in
            Self.writeHead("chat.completion", id: id, model: model, created: created, to: &body)
            body.member(
                "choices",
                array: { choices in
                    for (index, answer) in answers.enumerated() {
                        choices.object { choice in
                            choice.member("index", index)
                            choice.member("message", object: { Self.writeMessage(answer, to: &$0) })
                            choice.member("finish_reason", answer.finishReason?.openAIName)
                            Self.writeEnd(answer.stopSequence, answer.nativeFinishReason, to: &choice)
                            Self.write(probabilities: answer.rawLogProbabilities, to: &choice)
                        }
                    }
                })
            if let usage { body.member("usage", object: { Self.write(usage, to: &$0) }) }
        }
        return writer.bytes
    }

    /// The member `logprobs` of a choice; nothing where no probabilities were asked for.
    static func write(probabilities: [[UInt8]], to choice: inout JSONWriter) {
        guard !probabilities.isEmpty else { return }
        choice.member(
            "logprobs",
            object: { object in
                object.member("content", array: { list in probabilities.forEach { list.element(raw: $0) } })
            })
    }

    static func writeHead(
        _ object: String, id: String, model: String, created: Int64, to writer: inout JSONWriter
    ) {
        writer.member("id", id)
        writer.member("object", object)
        writer.member("created", created)
        writer.member("model", model)
    }

    private static func writeMessage(_ answer: ChatAnswer, to writer: inout JSONWriter) {
        writer.member("role", "assistant")
        writer.member("content", answer.text.isEmpty && !answer.toolCalls.isEmpty ? nil : answer.text)
        if let refusal = answer.refusal { writer.member("refusal", refusal) }
        let blocks = answer.thinking.filter { $0.member == nil }
        if !blocks.isEmpty {
            writer.member("thinking_blocks", array: { list in blocks.forEach { write($0, index: nil, to: &list) } })
        }
        answer.keptMembers.write(to: &writer)
        guard !answer.toolCalls.isEmpty else { return }
        writer.member(
            "tool_calls",
            array: { calls in
                for call in answer.toolCalls { calls.object { OpenAITools.write(call, to: &$0) } }
            })
    }

    static func writeEnd(_ stopSequence: String?, _ nativeFinishReason: String?, to choice: inout JSONWriter) {
        if let stopSequence { choice.member("stop_reason", stopSequence) }
        if let nativeFinishReason { choice.member("native_finish_reason", nativeFinishReason) }
    }

    /// - Parameter index: of the block, for a piece of a stream; nil in a whole answer.
    static func write(_ thought: ThinkingBlock, index: Int?, to list: inout JSONWriter) {
        list.object { block in
            if let index { block.member("index", index) }
            if let data = thought.redacted {
                block.member("type", "redacted_thinking")
                block.member("data", data)
            } else {
                block.member("type", "thinking")
                block.member("thinking", thought.text)
                if index == nil || !thought.signature.isEmpty { block.member("signature", thought.signature) }
            }
        }
    }
}
