import Domain
import JSON
import Upstream

/// Writes whole answers in the format of OpenAI's Responses.
package struct ResponsesWriter: Sendable {
    /// The state of a response.
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

    /// A complete answer's body: reasoning, then a message, where something was said or nothing called, then the calls of
    /// functions.
    package func body(_ answer: ChatAnswer) -> [UInt8] {
        var parts: [ResponsesItem.Part] = []
        if let refusal = answer.refusal { parts.append(ResponsesItem.Part(isRefusal: true, words: refusal)) }
        if !answer.text.isEmpty || (parts.isEmpty && answer.toolCalls.isEmpty) {
            let part = ResponsesItem.Part(
                isRefusal: false, words: answer.text, probabilities: answer.rawLogProbabilities)
            parts.insert(part, at: 0)
        }
        var items: [ResponsesItem] = []
        for thought in answer.thinking where thought.redacted == nil {
            items.append(
                ResponsesItem(
                    .reasoning(thought.text, seal: thought.seal(host: answer.origin)), of: id, index: items.count))
        }
        let kept = keptMembers(of: answer)
        if !kept.isEmpty { items.append(ResponsesItem(.reasoning("", seal: kept.seal), of: id, index: items.count)) }
        if !parts.isEmpty { items.append(ResponsesItem(.message(parts), of: id, index: items.count)) }
        for (number, call) in answer.toolCalls.enumerated() {
            let content = ResponsesItem.Content.call(
                id: callID(call, number: number), name: toolName(call.name), arguments: call.arguments)
            items.append(ResponsesItem(content, of: id, index: items.count))
        }
        for index in items.indices { items[index].status = .completed }
        if Self.cut(answer) != nil { items[items.count - 1].status = .incomplete }
        var writer = JSONWriter(capacity: answer.text.utf8.count + 2048)
        writer.object { write(answer, items, .ended, to: &$0) }
        return writer.bytes
    }

    /// What the provider may want back of the message and its calls.
    private func keptMembers(of answer: ChatAnswer) -> KeptMembers {
        let calls = answer.toolCalls.enumerated().map { (callID($0.element, number: $0.offset), $0.element) }
        return KeptMembers(host: answer.origin, message: answer.extra, calls: calls)
    }

    /// The tool of a name in the chat format.
    func toolName(_ name: String) -> ResponsesToolName { frame.tools[name] ?? ResponsesToolName(name: name) }

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
        if case .ended = state, let prompt = answer.usage?.promptTokens {
            response.member("usage", object: { Self.write(answer.usage(orOf: prompt), to: &$0) })
        } else {
            response.memberNull("usage")
        }
        let tier = answer.serviceTier.map { $0 == .standard ? "default" : $0.rawValue }
        response.member("service_tier", tier)
        frame.write(to: &response)
    }
}

/// An item of a response's output.
struct ResponsesItem {
    enum Status: String {
        case inProgress = "in_progress"
        case completed, incomplete
    }

    /// Words of a message.
    struct Part {
        let isRefusal: Bool
        var words: String
        /// Of each token, as its server wrote them.
        var probabilities: [[UInt8]] = []

        func write(to part: inout JSONWriter) {
            part.member("type", isRefusal ? "refusal" : "output_text")
            part.member(isRefusal ? "refusal" : "text", words)
            guard !isRefusal else { return }
            part.member("annotations", array: { _ in })
            part.member("logprobs", array: { list in probabilities.forEach { list.element(raw: $0) } })
        }
    }

    enum Content {
        case message([Part])
        /// The text of reasoning, and what its server needs to take it back.
        case reasoning(String, seal: String)
        case call(id: String, name: ResponsesToolName, arguments: String)
    }

    let id: String
    var content: Content
    var status = Status.inProgress

    /// - Parameters:
    ///   - response: the digits of the response's id, which the ids of its items are made of.
    ///   - index: of the item in the output.
    init(_ content: Content, of response: String, index: Int) {
        let kind =
            switch content {
            case .message: "msg"
            case .reasoning: "rs"
            case .call(_, let name, _): name.isCustom ? "ctc" : "fc"
            }
        id = "\(kind)_\(response)_\(index)"
        self.content = content
    }

    /// Writes a part of reasoning.
    static func write(reasoning text: String, to part: inout JSONWriter) {
        part.member("type", "reasoning_text")
        part.member("text", text)
    }

    func write(to item: inout JSONWriter) {
        item.member("id", id)
        switch content {
        case .message(let parts):
            item.member("type", "message")
            item.member("status", status.rawValue)
            item.member("role", "assistant")
            item.member("content", array: { list in for part in parts { list.object { part.write(to: &$0) } } })
        case .reasoning(let text, let seal):
            item.member("type", "reasoning")
            item.member("status", status.rawValue)
            item.member("summary", array: { _ in })
            item.member(
                "content",
                array: { list in
                    guard !text.isEmpty else { return }
                    list.object { Self.write(reasoning: text, to: &$0) }
                })
            item.member("encrypted_content", seal.isEmpty ? nil : seal)
        case .call(let id, let name, let arguments):
            item.member("type", name.isCustom ? "custom_tool_call" : "function_call")
            item.member("status", status.rawValue)
            item.member("call_id", id)
            item.member("name", name.name)
            if let namespace = name.namespace { item.member("namespace", namespace) }
            if name.isCustom {
                item.member("input", ResponsesToolName.input(of: arguments))
            } else {
                item.member("arguments", arguments)
            }
        }
    }
}

/// The members of a response that repeat its request, and the time of the request.
package struct ResponsesFrame: Sendable {
    private let createdAt: Timestamp
    /// The tools of the request by their names in the chat format.
    let tools: [String: ResponsesToolName]
    /// Members that are the same in every state of the response, each a key and JSON text.
    private var members: [(key: String, value: [UInt8])] = []

    /// Repeated as they were asked for, with what stands where they were not.
    private static let repeated = [
        ("instructions", "null"), ("max_output_tokens", "null"), ("parallel_tool_calls", "true"),
        ("prompt_cache_key", "null"), ("reasoning", #"{"effort":null,"summary":null}"#),
        ("safety_identifier", "null"), ("temperature", "null"), ("text", #"{"format":{"type":"text"}}"#),
        ("tool_choice", #""auto""#), ("tools", "[]"), ("top_p", "null"), ("user", "null"),
        ("top_logprobs", "0"), ("previous_response_id", "null"), ("truncation", #""disabled""#),
    ]

    /// - Parameters:
    ///   - fields: those of the request, which are checked but for the ones that are only repeated.
    ///   - isStored: whether the response is kept.
    init(
        _ fields: FieldReader, tools: [String: ResponsesToolName], isStored: Bool, createdAt: Timestamp
    ) throws(FieldError) {
        self.createdAt = createdAt
        self.tools = tools
        for name in ["prompt_cache_key", "safety_identifier"] { _ = try fields.string(name) }
        for (name, absent) in Self.repeated {
            members.append((name, fields.value(name).map { Array($0.raw) } ?? Array(absent.utf8)))
        }
        members.append(("background", Array("false".utf8)))
        members.append(("store", Array("\(isStored)".utf8)))
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
