import Domain
package import JSON
import Upstream

/// Reads the chunks of an OpenAI stream. Their bytes stay with the events.
package struct OpenAIEventReader: ChatEventReader {
    package private(set) var answer = ChatAnswer()
    package private(set) var isDone = false
    /// The `index` and id of each tool call that has begun, in the order of `answer.toolCalls`. Some servers send no
    /// index.
    private var calls: [(index: Int64?, id: String)] = []

    package init() {}

    package mutating func read(_ event: SSEEvent) -> [ChatEvent] {
        if event.data.elementsEqual("[DONE]".utf8) {
            isDone = true
            return [.done]
        }
        // Some proxies send plain text between the chunks.
        guard let document = try? JSONDocument(event.data), document.root.kind == .object else { return [] }
        let root = document.root
        if let error = root["error"], !error.isNull {
            let failure = FailureReader.read(root, statusWithoutCode: 0)
            return [ChatEvent(kind: .failure(failure), openAIData: event.data)]
        }
        var delta = ChatDelta()
        if answer.id == nil { delta.id = root["id"]?.string }
        if answer.model == nil { delta.model = OpenAIWire.model(root) }
        OpenAIWire.readCommon(root, into: &delta)
        var isUsage = false
        if let choices = root["choices"] {
            var isEmpty = true
            for choice in choices.elements {
                isEmpty = false
                if OpenAIWire.isFirst(choice) { read(choice, into: &delta) }
            }
            isUsage = isEmpty && root["usage"].map { !$0.isNull } ?? false
        }
        answer.append(delta)
        return [ChatEvent(kind: isUsage ? .usage : .delta, delta: delta, openAIData: event.data)]
    }

    private mutating func read(_ choice: JSONValue, into delta: inout ChatDelta) {
        OpenAIWire.readEnd(choice, into: &delta)
        guard let message = choice["delta"], message.kind == .object else { return }
        if let refusal = message["refusal"]?.string { delta.refusal = (delta.refusal ?? "") + refusal }
        OpenAIWire.readThinking(message, after: answer.thinking.count, into: &delta)
        if let pieces = message["tool_calls"] { pieces.elements.forEach { readCall($0, into: &delta) } }
        delta.text += OpenAIWire.text(message["content"])
    }

    /// A tool call comes in pieces: the first has id and name, all have some of the arguments.
    private mutating func readCall(_ piece: JSONValue, into delta: inout ChatDelta) {
        let index = piece["index"]?.integer
        let id = piece["id"]?.string.flatMap { $0.isEmpty ? nil : $0 }
        let position: Int
        if let index {
            position = calls.lastIndex { $0.index == index } ?? calls.count
        } else {
            // Without an index a new id begins a new call.
            let isNew = calls.isEmpty || id.map { $0 != calls.last?.id } ?? false
            position = isNew ? calls.count : calls.count - 1
        }
        if position == calls.count { calls.append((index, "")) }
        if let id { calls[position].id = id }
        let function = piece["function"]
        let name = function?["name"]?.string.flatMap { $0.isEmpty ? nil : $0 }
        delta.toolCalls.append(
            ChatDelta.Call(
                index: position, id: id, name: name,
                arguments: function.flatMap { OpenAIWire.arguments($0) } ?? ""))
    }
}

/// Writes the events of a stream in OpenAI's format. The bytes of OpenAI servers pass unchanged.
package struct OpenAIEventWriter: ChatEventWriter {
    private var id = ""
    private var model = ""
    /// Seconds since 1970, of the first chunk.
    private var created: Int64?

    package init() {}

    package mutating func write(_ event: ChatEvent) -> [UInt8] {
        switch event.kind {
        case .comment(let text): return Array(": \(text)\n\n".utf8)
        case .done: return SSEEvent.encode(data: "[DONE]".utf8)
        case .failure(let failure): return ErrorBody.event(message: failure.message)
        case .delta, .usage:
            if let data = event.openAIData { return SSEEvent.encode(data: data) }
            return SSEEvent.encode(data: chunk(event))
        }
    }

    private mutating func chunk(_ event: ChatEvent) -> [UInt8] {
        let delta = event.delta
        if let id = delta.id { self.id = id }
        if let model = delta.model { self.model = model }
        let seconds = created ?? Timestamp.now().milliseconds / 1000
        created = seconds
        var writer = JSONWriter(capacity: 256)
        writer.object { body in
            OpenAIWriter.writeHead("chat.completion.chunk", id: id, model: model, created: seconds, to: &body)
            guard event.kind == .delta else {
                body.member("choices", array: { _ in })
                if let usage = delta.usage { body.member("usage", object: { OpenAIWriter.write(usage, to: &$0) }) }
                return
            }
            body.member(
                "choices",
                array: { choices in
                    choices.object { choice in
                        choice.member("index", 0)
                        choice.member("delta", object: { Self.write(delta, to: &$0) })
                        choice.member("finish_reason", delta.finishReason?.openAIName)
                        OpenAIWriter.writeEnd(delta.stopSequence, delta.nativeFinishReason, to: &choice)
                    }
                })
        }
        return writer.bytes
    }

    private static func write(_ delta: ChatDelta, to object: inout JSONWriter) {
        if delta.isStart { object.member("role", "assistant") }
        if delta.isStart || !delta.text.isEmpty { object.member("content", delta.text) }
        if let refusal = delta.refusal { object.member("refusal", refusal) }
        if !delta.thinking.isEmpty {
            object.member(
                "thinking_blocks",
                array: { list in
                    for piece in delta.thinking { OpenAIWriter.write(piece.block, index: piece.index, to: &list) }
                })
        }
        guard !delta.toolCalls.isEmpty else { return }
        object.member(
            "tool_calls",
            array: { list in
                for piece in delta.toolCalls { list.object { OpenAITools.write(piece, to: &$0) } }
            })
    }
}
