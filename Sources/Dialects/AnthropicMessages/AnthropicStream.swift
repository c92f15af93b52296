import Domain
import JSON

/// Reads the events of an Anthropic stream.
struct AnthropicEventReader: ChatEventReader {
    private(set) var answer = ChatAnswer()
    private(set) var isDone = false
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
        case "error": return [ChatEvent(kind: .failure(FailureReader.read(root, status: 0)))]
        default: return []
        }
    }

    /// Adds a piece to the answer.
    private mutating func event(_ set: (inout ChatDelta) -> Void) -> ChatEvent {
        var delta = ChatDelta()
        set(&delta)
        answer.append(delta)
        return ChatEvent(kind: .delta, delta: delta)
    }

    private mutating func begin(_ message: JSONValue?) -> [ChatEvent] {
        let usage = AnthropicWire.usage(message?["usage"])
        let start = event { delta in
            delta.isStart = true
            delta.id = message?["id"]?.string
            delta.model = OpenAIWire.model(message)
            delta.usage = usage
        }
        guard usage != nil else { return [start] }
        return [ChatEvent(kind: .usage, delta: start.delta, isEarly: true), start]
    }

    private mutating func beginBlock(_ root: JSONValue) -> [ChatEvent] {
        guard let block = root["content_block"], let index = root["index"]?.integer else { return [] }
        if block["type"]?.isString("tool_use") == true {
            let position = answer.toolCalls.count
            toolCallOfBlock[index] = position
            return [
                event {
                    $0.toolCalls = [
                        ChatDelta.Call(
                            index: position, id: block["id"]?.string ?? "", name: block["name"]?.string ?? "",
                            arguments: "")
                    ]
                }
            ]
        }
        if let thought = AnthropicWire.thinking(block) {
            let position = answer.thinking.count
            thinkingOfBlock[index] = position
            return [event { $0.thinking = [ChatDelta.Thinking(index: position, block: thought)] }]
        }
        return text(block["text"]?.string)
    }

    private mutating func readDelta(_ root: JSONValue) -> [ChatEvent] {
        guard let delta = root["delta"] else { return [] }
        if let index = root["index"]?.integer, let position = thinkingOfBlock[index] {
            let piece = ThinkingBlock(
                text: delta["thinking"]?.string ?? "", signature: delta["signature"]?.string ?? "")
            return [event { $0.thinking = [ChatDelta.Thinking(index: position, block: piece)] }]
        }
        guard let piece = delta["partial_json"]?.string else { return text(delta["text"]?.string) }
        guard !piece.isEmpty, let index = root["index"]?.integer, let call = toolCallOfBlock[index] else { return [] }
        return [event { $0.toolCalls = [ChatDelta.Call(index: call, arguments: piece)] }]
    }

    private mutating func text(_ text: String?) -> [ChatEvent] {
        guard let text, !text.isEmpty else { return [] }
        return [event { $0.text = text }]
    }

    private mutating func readMessageDelta(_ root: JSONValue) -> [ChatEvent] {
        answer.usage = AnthropicWire.usage(root["usage"], after: answer.usage)
        if let delta = root["delta"] { AnthropicWire.end(&answer, delta) }
        guard answer.finishReason != nil else { return [] }
        let end = answer
        return completeToolCalls() + [
            event { delta in
                delta.finishReason = end.finishReason
                delta.stopSequence = end.stopSequence
                delta.nativeFinishReason = end.nativeFinishReason
            }
        ]
    }

    /// A tool without parameters streams no input at all; OpenAI's clients expect an object.
    private mutating func completeToolCalls() -> [ChatEvent] {
        let empty = answer.toolCalls.indices.filter { answer.toolCalls[$0].arguments.isEmpty }
        return empty.map { index in event { $0.toolCalls = [ChatDelta.Call(index: index, arguments: "{}")] } }
    }

    private mutating func end() -> [ChatEvent] {
        isDone = true
        guard let usage = answer.usage else { return [.done] }
        var delta = ChatDelta()
        delta.usage = usage
        return [ChatEvent(kind: .usage, delta: delta), .done]
    }
}
