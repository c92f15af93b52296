import Domain
package import JSON
import Upstream

/// Reads the chunks of an OpenAI stream. Their bytes stay with the events.
package struct OpenAIEventReader: ChatEventReader {
    package private(set) var answer = ChatAnswer()
    package private(set) var isDone = false
    private var calls = ToolCallPieces()
    /// Whether the last piece of the answer was reasoning, so that more of it goes on with the same block.
    private var isReasoning = false
    /// Whether the latest count was of the answer so far, in the middle of the stream.
    private var hasInterimCount = false
    private let host: String

    /// - Parameter host: the server's name.
    package init(host: String) {
        self.host = host
    }

    package mutating func read(_ event: SSEEvent, _ document: JSONDocument?) -> [ChatEvent] {
        if event.data.elementsEqual("[DONE]".utf8) {
            isDone = true
            // The latest count was the last one.
            if hasInterimCount { answer.reported?.countsAnswer = true }
            return [.done]
        }
        // Some proxies send plain text between the chunks.
        guard let document, document.root.kind == .object else { return [] }
        let root = document.root
        if let error = root["error"], !error.isNull, !OpenAIWire.hasChoices(root) {
            let failure = FailureReader.read(root, statusWithoutCode: 0)
            return [ChatEvent(kind: .failure(failure), openAIData: event.data)]
        }
        var chunk = Chunk(document)
        if answer.id == nil { chunk.delta.id = root["id"]?.string }
        if answer.model == nil { chunk.delta.model = OpenAIWire.model(root) }
        OpenAIWire.readCommon(root, into: &chunk.delta)
        var isUsage = false
        if let choices = root["choices"] {
            var isEmpty = true
            for choice in choices.elements {
                isEmpty = false
                let choice = choice.indexed
                if OpenAIWire.isFirst(choice) { read(choice, into: &chunk) }
            }
            isUsage = isEmpty && root["usage"].map { !$0.isNull } ?? false
        }
        let failure = Self.failure(in: root) ?? chunk.failure
        if failure != nil { chunk.delta.finishReason = nil }
        readCounts(isLast: isUsage || answer.finishReason != nil || chunk.delta.finishReason != nil, into: &chunk.delta)
        if chunk.delta.hasKept { chunk.delta.origin = host }
        answer.append(chunk.delta)
        guard let failure else {
            return events(of: chunk, isUsage: isUsage)
        }
        let end = ChatEvent(kind: .failure(failure), openAIData: event.data)
        // What came with the error is part of the answer, but not the reason for its end.
        return chunk.delta.byteCount > 0 ? [ChatEvent(kind: .delta, delta: chunk.delta), end] : [end]
    }

    private func events(of chunk: Chunk, isUsage: Bool) -> [ChatEvent] {
        guard chunk.isWhole else {
            return [ChatEvent(kind: isUsage ? .usage : .delta, delta: chunk.delta, openAIData: chunk.bytes)]
        }
        // A whole answer in an event: clients of streams do not look for it.
        var events = [ChatEvent(kind: .delta, delta: chunk.delta)]
        if let reported = chunk.delta.reported {
            var delta = ChatDelta()
            delta.reported = reported
            events.append(ChatEvent(kind: .usage, delta: delta))
        }
        return events
    }

    /// One chunk as far as it was read.
    private struct Chunk {
        let document: JSONDocument
        var delta = ChatDelta()
        var failure: UpstreamFailure?
        /// Whether it has a message where a piece of one belongs.
        var isWhole = false
        /// What is to be changed before the bytes go to a client.
        var edits: [(range: Range<Int>, bytes: [UInt8])] = []

        init(_ document: JSONDocument) { self.document = document }

        var bytes: [UInt8] { edits.isEmpty ? document.bytes : document.replacing(edits) }
    }

    private static func failure(in root: JSONValue) -> UpstreamFailure? {
        guard let error = root["error"], !error.isNull else { return nil }
        return FailureReader.read(root, statusWithoutCode: 0)
    }

    private mutating func readCounts(isLast: Bool, into delta: inout ChatDelta) {
        guard var reported = delta.reported else { return }
        hasInterimCount = !isLast && reported.countsAnswer
        if !isLast { reported.countsAnswer = false }
        delta.reported = answer.reported?.updated(with: reported) ?? reported
    }

    private mutating func read(_ choice: JSONValue, into chunk: inout Chunk) {
        OpenAIWire.readEnd(choice, into: &chunk.delta)
        chunk.failure = OpenAIWire.failure(of: choice, status: 0)
        // An empty name of a reason is none, but clients may take it for one.
        if let reason = choice["finish_reason"], reason.kind == .string, chunk.delta.finishReason == nil,
            chunk.failure == nil
        {
            chunk.edits.append((reason.range, Array("null".utf8)))
        }
        let piece = choice["delta"].flatMap { $0.kind == .object ? $0 : nil }
        guard let message = (piece ?? choice["message"])?.indexed, message.kind == .object else { return }
        chunk.isWhole = piece == nil
        if let refusal = message["refusal"]?.string { chunk.delta.refusal = (chunk.delta.refusal ?? "") + refusal }
        OpenAIWire.readThinking(message, after: answer.thinking.count, into: &chunk.delta)
        if let reasoning = OpenAIWire.reasoning(message) {
            let last = answer.thinking.count - 1
            let index = isReasoning && chunk.delta.thinking.isEmpty ? last : last + chunk.delta.thinking.count + 1
            chunk.delta.thinking.append(ChatDelta.Thinking(index: index, block: reasoning))
            isReasoning = true
        }
        chunk.delta.extra = OpenAIWire.extra(message)
        if let pieces = message["tool_calls"] {
            var previous: Int?
            for piece in pieces.elements { previous = readCall(piece, after: previous, into: &chunk) }
        }
        chunk.delta.text += OpenAIWire.text(message["content"])
        if !chunk.delta.text.isEmpty || !chunk.delta.toolCalls.isEmpty { isReasoning = false }
    }

    /// A tool call comes in pieces: the first has id and name, all have some of the arguments. Returns its position.
    private mutating func readCall(_ value: JSONValue, after previous: Int?, into chunk: inout Chunk) -> Int {
        let piece = ToolCallPieces.Piece(value)
        let position = calls.position(of: piece, after: previous)
        var call = ChatDelta.Call(index: position, id: piece.id, name: piece.name, arguments: piece.arguments)
        if let id = piece.id {
            let clientID = calls.clientID(of: position)
            call.id = clientID
            if let value = value["id"], clientID != id {
                chunk.edits.append((value.range, JSONWriter.quoted(clientID)))
            }
        }
        (call.extra, call.functionExtra) = OpenAIWire.extra(ofCall: value)
        chunk.delta.toolCalls.append(call)
        // Clients tell calls apart by their index alone.
        if let index = value["index"] {
            if index.integer != Int64(position) { chunk.edits.append((index.range, Array("\(position)".utf8))) }
        } else if value.kind == .object {
            let start = value.range.lowerBound + 1
            let separator = value.count > 0 ? "," : ""
            chunk.edits.append((start..<start, Array("\"index\":\(position)\(separator)".utf8)))
        }
        return position
    }
}

/// Writes the events of a stream in OpenAI's format. The bytes of OpenAI servers pass unchanged.
package struct OpenAIEventWriter: ChatEventWriter {
    private var id = ""
    private var model = ""
    /// Seconds since 1970, of the first chunk.
    private var created: Int64?
    /// The index of the choice that the events belong to.
    private let choice: Int

    /// - Parameter choice: the index of the choice that the events belong to.
    package init(choice: Int = 0) {
        self.choice = choice
    }

    package mutating func write(_ event: ChatEvent) -> [UInt8] {
        if let id = event.delta.id { self.id = id }
        if let model = event.delta.model { self.model = model }
        switch event.kind {
        case .comment(let text): return Array(": \(text)\n\n".utf8)
        case .done: return SSEEvent.encode(data: "[DONE]".utf8)
        case .failure(let failure): return ErrorBody.event(failure)
        case .delta, .usage:
            if let data = event.openAIData { return SSEEvent.encode(data: data) }
            return SSEEvent.encode(data: chunk(event))
        }
    }

    /// The events of several whole answers as the choices of one: their pieces, then one count of all of them.
    package static func events(of answers: [ChatAnswer], usage: ReportedUsage?) -> [ChatEvent] {
        guard let first = answers.first else { return [] }
        let (id, model) = (first.id ?? "", first.model ?? "")
        var events: [ChatEvent] = []
        for (index, answer) in answers.enumerated() {
            var copy = answer
            (copy.id, copy.model, copy.reported) = (id, model, nil)
            var writer = OpenAIEventWriter(choice: index)
            for event in copy.events(id: id, model: model) where event.kind == .delta {
                if let id = event.delta.id { writer.id = id }
                if let model = event.delta.model { writer.model = model }
                events.append(
                    ChatEvent(
                        kind: .delta, delta: index == 0 ? event.delta : ChatDelta(), openAIData: writer.chunk(event)))
            }
        }
        guard let usage else { return events }
        var delta = ChatDelta()
        (delta.id, delta.model, delta.reported) = (id, model, usage)
        return events + [ChatEvent(kind: .usage, delta: delta)]
    }

    private mutating func chunk(_ event: ChatEvent) -> [UInt8] {
        let (delta, index) = (event.delta, choice)
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
                        choice.member("index", index)
                        choice.member("delta", object: { Self.write(delta, to: &$0) })
                        choice.member("finish_reason", delta.finishReason?.openAIName)
                        OpenAIWriter.writeEnd(delta.stopSequence, delta.nativeFinishReason, to: &choice)
                        OpenAIWriter.write(probabilities: delta.rawLogProbabilities, to: &choice)
                    }
                })
        }
        return writer.bytes
    }

    private static func write(_ delta: ChatDelta, to object: inout JSONWriter) {
        if delta.isStart { object.member("role", "assistant") }
        if delta.isStart || !delta.text.isEmpty { object.member("content", delta.text) }
        if let refusal = delta.refusal { object.member("refusal", refusal) }
        for piece in delta.thinking {
            if let member = piece.block.member { object.member(member, piece.block.text) }
        }
        let blocks = delta.thinking.filter { $0.block.member == nil }
        if !blocks.isEmpty {
            object.member(
                "thinking_blocks",
                array: { list in
                    for piece in blocks { OpenAIWriter.write(piece.block, index: piece.index, to: &list) }
                })
        }
        delta.extra.write(to: &object)
        guard !delta.toolCalls.isEmpty else { return }
        object.member(
            "tool_calls",
            array: { list in
                for piece in delta.toolCalls { list.object { OpenAITools.write(piece, to: &$0) } }
            })
    }
}
