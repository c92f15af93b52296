import Domain
import JSON
import Upstream

/// Writes answers as OpenAI's Responses API gives them, for callers who speak it.
package struct ResponsesWriter: Sendable {
    /// What has become of a response.
    enum State {
        case inProgress
        case ended
        case failed(message: String)
    }

    /// The digits of the response's id, and of those of its items.
    let id: String
    /// The model's name where its server gives none.
    private let model: String
    private let frame: ResponsesFrame

    /// - Parameters:
    ///   - id: what is behind `resp_` in the response's name.
    ///   - model: the model's name where its server gives none.
    package init(id: String, model: String, frame: ResponsesFrame) {
        self.id = id
        self.model = model
        self.frame = frame
    }

    /// A complete answer's body: a message, where something was said or nothing called, then the calls of functions.
    package func body(_ answer: ChatAnswer) -> [UInt8] {
        var parts: [ResponsesItem.Part] = []
        if let refusal = answer.refusal { parts.append(ResponsesItem.Part(isRefusal: true, words: refusal)) }
        if !answer.text.isEmpty || (parts.isEmpty && answer.toolCalls.isEmpty) {
            parts.insert(ResponsesItem.Part(isRefusal: false, words: answer.text), at: 0)
        }
        var items = parts.isEmpty ? [] : [ResponsesItem(.message(parts), of: id, index: 0)]
        for (number, call) in answer.toolCalls.enumerated() {
            let content = ResponsesItem.Content.call(
                id: callID(call, number: number), name: call.name, arguments: call.arguments)
            items.append(ResponsesItem(content, of: id, index: items.count))
        }
        for index in items.indices { items[index].status = .completed }
        if Self.cut(answer) != nil { items[items.count - 1].status = .incomplete }
        var writer = JSONWriter(capacity: answer.text.utf8.count + 2048)
        writer.object { write(answer, items, .ended, to: &$0) }
        return writer.bytes
    }

    /// The name of a call; calls whose server gave them none get one.
    func callID(_ call: ToolCall, number: Int) -> String { call.id.isEmpty ? "call_\(id)_\(number)" : call.id }

    /// Why an answer is not whole; nil where it is.
    static func cut(_ answer: ChatAnswer) -> String? {
        switch answer.finishReason {
        case .length: "max_output_tokens"
        // A refusal is an answer; what a filter has taken away is none.
        case .contentFilter: answer.refusal == nil ? "content_filter" : nil
        default: nil
        }
    }

    /// Writes a response's members.
    ///
    /// - Parameters:
    ///   - answer: as far as it has come.
    ///   - items: those of the output that there are.
    func write(_ answer: ChatAnswer, _ items: [ResponsesItem], _ state: State, to response: inout JSONWriter) {
        response.member("id", "resp_\(id)")
        response.member("object", "response")
        let cut = Self.cut(answer)
        switch state {
        case .inProgress: response.member("status", "in_progress")
        case .ended: response.member("status", cut == nil ? "completed" : "incomplete")
        case .failed: response.member("status", "failed")
        }
        if case .failed(let message) = state {
            response.member("error", object: { Self.write(failure: message, to: &$0) })
        } else {
            response.memberNull("error")
        }
        if case .ended = state, let cut {
            response.member("incomplete_details", object: { $0.member("reason", cut) })
        } else {
            response.memberNull("incomplete_details")
        }
        response.member("model", answer.model ?? model)
        response.member("output", array: { list in for item in items { list.object { item.write(to: &$0) } } })
        // Nothing is known of them before the end, and from some servers not even then.
        if case .ended = state, let usage = answer.usage {
            response.member("usage", object: { Self.write(usage, to: &$0) })
        } else {
            response.memberNull("usage")
        }
        let tier = answer.serviceTier.map { $0 == .standard ? "default" : $0.rawValue }
        response.member("service_tier", tier)
        frame.write(to: &response)
    }

    static func write(failure message: String, to error: inout JSONWriter) {
        error.member("code", "server_error")
        error.member("message", message)
    }

    private static func write(_ usage: Usage, to object: inout JSONWriter) {
        object.member("input_tokens", usage.promptTokens)
        object.member(
            "input_tokens_details",
            object: {
                $0.member("cached_tokens", usage.cachedRead)
                $0.member("cache_write_tokens", usage.cacheWrite5m + usage.cacheWrite1h)
            })
        object.member("output_tokens", usage.completionTokens)
        object.member("output_tokens_details", object: { $0.member("reasoning_tokens", usage.reasoning) })
        object.member("total_tokens", usage.promptTokens + usage.completionTokens)
    }
}
