import Domain
import JSON

/// Reads the events of an Anthropic stream and turns them into OpenAI's chunks.
struct AnthropicEventReader: ChatEventReader {
    private(set) var answer = ChatAnswer()
    private(set) var isDone = false
    private var writer = OpenAIWriter(id: "", model: "")
    /// Which tool call a block belongs to, by the block's index; blocks of text have none.
    private var toolCallOfBlock: [Int64: Int] = [:]
    /// The same for blocks of thinking.
    private var thinkingOfBlock: [Int64: Int] = [:]

    mutating func read(_ event: SSEEvent) -> [ChatEvent] {
        guard let document = try? JSONDocument(event.data), document.root.kind == .object else { return [] }
        let root = document.root
        // The type stands in the data too; the event's name may have been lost on the way.
        switch root["type"]?.string ?? event.event ?? "" {
        case "message_start": return begin(root["message"])
        case "content_block_start": return beginBlock(root)
        case "content_block_delta": return readDelta(root)
        case "message_delta": return readMessageDelta(root)
        case "message_stop": return end()
        case "error":
            return [ChatEvent(kind: .failure(FailureReader.read(root, status: 0)), data: openAIError(root))]
        default: return []
        }
    }

    private mutating func begin(_ message: JSONValue?) -> [ChatEvent] {
        answer.id = message?["id"]?.string
        answer.model = message?["model"]?.string
        answer.usage = AnthropicWire.usage(message?["usage"])
        writer = OpenAIWriter(id: answer.id ?? "", model: answer.model ?? "")
        let early = answer.usage.map { ChatEvent(kind: .usage, data: writer.usage($0).data, isEarly: true) }
        return (early.map { [$0] } ?? []) + [writer.role()]
    }

    private mutating func beginBlock(_ root: JSONValue) -> [ChatEvent] {
        guard let block = root["content_block"], let index = root["index"]?.integer else { return [] }
        if block["type"]?.isString("tool_use") == true {
            let call = ToolCall(id: block["id"]?.string ?? "", name: block["name"]?.string ?? "", arguments: "")
            toolCallOfBlock[index] = answer.toolCalls.count
            answer.toolCalls.append(call)
            return [writer.toolCall(index: answer.toolCalls.count - 1, id: call.id, name: call.name, arguments: "")]
        }
        if let thought = AnthropicWire.thinking(block) {
            thinkingOfBlock[index] = answer.thinking.count
            answer.thinking.append(thought)
            return [writer.thinking(thought, index: answer.thinking.count - 1)]
        }
        return text(block["text"]?.string)
    }

    private mutating func readDelta(_ root: JSONValue) -> [ChatEvent] {
        guard let delta = root["delta"] else { return [] }
        if let index = root["index"]?.integer, let thought = thinkingOfBlock[index] {
            let piece = ThinkingBlock(
                text: delta["thinking"]?.string ?? "", signature: delta["signature"]?.string ?? "")
            answer.thinking[thought].text += piece.text
            answer.thinking[thought].signature += piece.signature
            return [writer.thinking(piece, index: thought)]
        }
        guard let piece = delta["partial_json"]?.string else { return text(delta["text"]?.string) }
        guard !piece.isEmpty, let index = root["index"]?.integer, let call = toolCallOfBlock[index] else { return [] }
        answer.toolCalls[call].arguments += piece
        return [writer.toolCall(index: call, arguments: piece)]
    }

    private mutating func text(_ text: String?) -> [ChatEvent] {
        guard let text, !text.isEmpty else { return [] }
        answer.text += text
        return [writer.text(text)]
    }

    private mutating func readMessageDelta(_ root: JSONValue) -> [ChatEvent] {
        answer.usage = AnthropicWire.usage(root["usage"], after: answer.usage)
        if let delta = root["delta"] { AnthropicWire.end(&answer, delta) }
        guard answer.finishReason != nil else { return [] }
        return completeToolCalls() + [writer.end(of: answer)]
    }

    /// A tool without parameters streams no input at all; OpenAI's callers expect an object.
    private mutating func completeToolCalls() -> [ChatEvent] {
        var events: [ChatEvent] = []
        for index in answer.toolCalls.indices where answer.toolCalls[index].arguments.isEmpty {
            answer.toolCalls[index].arguments = "{}"
            events.append(writer.toolCall(index: index, arguments: "{}"))
        }
        return events
    }

    private mutating func end() -> [ChatEvent] {
        isDone = true
        return (answer.usage.map { [writer.usage($0)] } ?? []) + [.done]
    }

    private func openAIError(_ root: JSONValue) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { $0.member("error", raw: root["error"]?.raw ?? root.raw) }
        return writer.bytes
    }
}
