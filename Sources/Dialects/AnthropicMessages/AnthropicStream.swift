import Domain
import JSON
import Upstream

/// Reads the events of an Anthropic stream.
struct AnthropicEventReader: ChatEventReader {
    private(set) var answer = ChatAnswer()
    private(set) var isDone = false
    /// Which tool call a block belongs to, by the block's index; blocks of text have none.
    private var toolCallOfBlock: [Int64: Int] = [:]
    /// The same for blocks of thinking.
    private var thinkingOfBlock: [Int64: Int] = [:]
    /// Whether the latest count came without a reason for the end.
    private var hasInterimCount = false
    /// The block that began last; some servers leave the index out.
    private var latest: Int64 = -1

    mutating func read(_ event: SSEEvent, _ document: JSONDocument?) -> [ChatEvent] {
        guard let document, document.root.kind == .object else { return [] }
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
        var reported = AnthropicWire.reportedUsage(message?["usage"])
        // The answer has only begun.
        reported?.countsAnswer = false
        let usage = reported
        let start = event { delta in
            delta.isStart = true
            delta.id = message?["id"]?.string
            delta.model = OpenAIWire.model(message)
            delta.reported = usage
        }
        guard usage != nil else { return [start] }
        return [ChatEvent(kind: .usage, delta: start.delta, isEarly: true), start]
    }

    private mutating func beginBlock(_ root: JSONValue) -> [ChatEvent] {
        guard let block = root["content_block"] else { return [] }
        let index = Self.index(root) ?? latest + 1
        latest = index
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

    private static func index(_ root: JSONValue) -> Int64? {
        root["index"]?.integer ?? root["index"]?.string.flatMap { Int64($0) }
    }

    private mutating func readDelta(_ root: JSONValue) -> [ChatEvent] {
        guard let delta = root["delta"] else { return [] }
        let index = Self.index(root) ?? latest
        if let position = thinkingOfBlock[index] {
            let piece = ThinkingBlock(
                text: delta["thinking"]?.string ?? "", signature: delta["signature"]?.string ?? "")
            return [event { $0.thinking = [ChatDelta.Thinking(index: position, block: piece)] }]
        }
        guard let piece = delta["partial_json"]?.string else { return text(delta["text"]?.string) }
        guard !piece.isEmpty, let call = toolCallOfBlock[index] else { return [] }
        return [event { $0.toolCalls = [ChatDelta.Call(index: call, arguments: piece)] }]
    }

    private mutating func text(_ text: String?) -> [ChatEvent] {
        guard let text, !text.isEmpty else { return [] }
        return [event { $0.text = text }]
    }

    private mutating func readMessageDelta(_ root: JSONValue) -> [ChatEvent] {
        if let delta = root["delta"] { AnthropicWire.end(&answer, delta) }
        answer.reported = AnthropicWire.reportedUsage(root["usage"], after: answer.reported)
        hasInterimCount = answer.finishReason == nil && answer.reported?.countsAnswer == true
        if answer.finishReason == nil { answer.reported?.countsAnswer = false }
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
        // The latest count was the last one.
        if hasInterimCount { answer.reported?.countsAnswer = true }
        guard let reported = answer.reported else { return [.done] }
        var delta = ChatDelta()
        delta.reported = reported
        return [ChatEvent(kind: .usage, delta: delta), .done]
    }
}

/// Writes the events of a stream in Anthropic's format.
///
/// One block is open at a time. What a prompt had is known at the end only, except from Anthropic's own servers, so
/// `message_start` has an estimate of it and `message_delta` the counts.
package struct AnthropicEventWriter: ChatEventWriter {
    private enum Block: Equatable {
        case thinking(Int)
        case text
        case toolUse(Int)
        /// What the provider wants back.
        case kept
    }

    /// The answer so far.
    private var answer = ChatAnswer()
    private let id: String
    private let model: String
    private let promptTokens: Int
    private var open: Block?
    /// Blocks that have begun.
    private var count = 0
    private var hasBegun = false
    private var hasEnded = false
    /// Whether nothing is to be added to the answer.
    private var isWhole = false
    /// Bytes of each call's arguments that have gone out; nil for a call that has not begun.
    private var argumentsSent: [Int?] = []
    private var thinkingSent: [(text: Int, signature: Int)] = []
    /// Calls whose further members have gone out.
    private var keptSent: Set<Int> = []
    /// The braces of the arguments that have gone out in the block that is open.
    private var openArguments = JSONBalance()

    /// - Parameters:
    ///   - id: the name of the answer where its server's own is none of Anthropic's.
    ///   - model: the model's name where its server gave none.
    ///   - promptTokens: an estimate, for as long as the server has not counted.
    package init(id: String, model: String, promptTokens: Int) {
        self.id = id
        self.model = model
        self.promptTokens = promptTokens
    }

    package mutating func write(_ event: ChatEvent) -> [UInt8] {
        guard !hasEnded else { return [] }
        answer.append(event.delta)
        var output: [UInt8] = []
        switch event.kind {
        case .failure(let failure):
            let isOverloaded = failure.code == "overloaded_error"
            fail(failure.message, type: isOverloaded ? "overloaded_error" : "api_error", into: &output)
        case .done:
            begin(into: &output)
            isWhole = true
            for index in answer.toolCalls.indices where !hasEnded { call(index, into: &output) }
            if !hasEnded { end(into: &output) }
        case .usage: begin(into: &output)
        case .delta:
            begin(into: &output)
            write(event.delta, into: &output)
        case .comment: Self.append("ping", into: &output) { _ in }
        }
        return output
    }

    private mutating func write(_ delta: ChatDelta, into output: inout [UInt8]) {
        if answer.finishReason != nil { isWhole = true }
        for index in answer.thinking.indices { think(index, into: &output) }
        let text = delta.text + (delta.refusal ?? "")
        if !text.isEmpty {
            enter(.text, into: &output) { AnthropicWriter.write(text: "", to: &$0) }
            self.delta("text_delta", into: &output) { $0.member("text", text) }
        }
        for index in answer.toolCalls.indices where !hasEnded { call(index, into: &output) }
        if isWhole, !hasEnded { close(into: &output) }
    }

    // MARK: Blocks

    private mutating func think(_ index: Int, into output: inout [UInt8]) {
        let thought = answer.thinking[index]
        if index == thinkingSent.count {
            thinkingSent.append((0, 0))
            enter(.thinking(index), into: &output) { block in
                let isHidden = thought.redacted != nil
                AnthropicWriter.write(isHidden ? thought : ThinkingBlock(), to: &block)
            }
        }
        let sent = thinkingSent[index]
        if thought.text.utf8.count > sent.text {
            delta("thinking_delta", into: &output) {
                $0.member("thinking", Self.rest(of: thought.text, after: sent.text))
            }
        }
        if thought.signature.utf8.count > sent.signature {
            delta("signature_delta", into: &output) {
                $0.member("signature", Self.rest(of: thought.signature, after: sent.signature))
            }
        }
        thinkingSent[index] = (thought.text.utf8.count, thought.signature.utf8.count)
    }

    private mutating func call(_ index: Int, into output: inout [UInt8]) {
        let call = answer.toolCalls[index]
        if index == argumentsSent.count { argumentsSent.append(nil) }
        if argumentsSent[index] == nil {
            // A block cannot begin without the tool's name, which some servers send late, nor before the call before it
            // has its arguments: some servers mix the pieces of several calls.
            guard isWhole || (!call.name.isEmpty && !isInAnotherCall) else { return }
            argumentsSent[index] = 0
            openArguments = JSONBalance()
            keep([index], into: &output)
            let writer = AnthropicWriter(answer, id: id, model: model)
            enter(.toolUse(index), into: &output) {
                writer.write(call, number: index, input: Array("{}".utf8), to: &$0)
            }
        }
        guard let sent = argumentsSent[index], call.arguments.utf8.count > sent else { return }
        guard open == .toolUse(index) else {
            return fail(
                "the model's server mixed the pieces of several calls of tools; ask without a stream",
                type: "api_error", into: &output)
        }
        argumentsSent[index] = call.arguments.utf8.count
        let piece = Self.rest(of: call.arguments, after: sent)
        openArguments.add(piece)
        delta("input_json_delta", into: &output) { $0.member("partial_json", piece) }
    }

    /// Whether the block that is open is of a call whose arguments are still to come.
    private var isInAnotherCall: Bool {
        guard case .toolUse? = open else { return false }
        return !openArguments.isClosed
    }

    /// Writes what the provider may want back of some calls, and of the message, as a block of its own.
    private mutating func keep(
        _ indices: [Int], message: ExtraMembers = ExtraMembers(), into output: inout [UInt8]
    ) {
        let writer = AnthropicWriter(answer, id: id, model: model)
        let unsent = indices.filter { answer.toolCalls[$0].hasExtra && !keptSent.contains($0) }
        keptSent.formUnion(unsent)
        let calls = unsent.map { (writer.identifier(of: answer.toolCalls[$0], number: $0), answer.toolCalls[$0]) }
        let kept = KeptMembers(host: answer.origin, message: message, calls: calls)
        guard !kept.isEmpty else { return }
        enter(.kept, into: &output) { AnthropicWriter.write(ThinkingBlock(redacted: kept.seal), to: &$0) }
        close(into: &output)
    }

    /// Opens a block, and closes the one before it.
    private mutating func enter(
        _ block: Block, into output: inout [UInt8], _ write: (inout JSONWriter) -> Void
    ) {
        guard open != block else { return }
        close(into: &output)
        open = block
        Self.append("content_block_start", into: &output) { event in
            event.member("index", count)
            event.member("content_block", object: write)
        }
        count += 1
    }

    private func delta(_ type: String, into output: inout [UInt8], _ write: (inout JSONWriter) -> Void) {
        Self.append("content_block_delta", into: &output) { event in
            event.member("index", count - 1)
            event.member(
                "delta",
                object: { delta in
                    delta.member("type", type)
                    write(&delta)
                })
        }
    }

    private mutating func close(into output: inout [UInt8]) {
        guard let block = open else { return }
        if case .thinking(let index) = block, thinkingSent[index].signature == 0, answer.thinking[index].member != nil {
            let seal = answer.thinking[index].seal(host: answer.origin)
            delta("signature_delta", into: &output) { $0.member("signature", seal) }
        }
        open = nil
        Self.append("content_block_stop", into: &output) { $0.member("index", count - 1) }
    }

    // MARK: The message

    private mutating func begin(into output: inout [UInt8]) {
        guard !hasBegun else { return }
        hasBegun = true
        let writer = AnthropicWriter(answer, id: id, model: model)
        let usage = answer.usage(orOf: promptTokens)
        Self.append("message_start", into: &output) { event in
            event.member(
                "message",
                object: { message in
                    writer.writeHead(to: &message) { _ in }
                    message.memberNull("stop_reason")
                    message.memberNull("stop_sequence")
                    message.member("usage", object: { AnthropicWriter.write(usage, to: &$0) })
                })
        }
    }

    private mutating func end(into output: inout [UInt8]) {
        hasEnded = true
        close(into: &output)
        keep(Array(answer.toolCalls.indices), message: answer.extra, into: &output)
        let answer = answer
        Self.append("message_delta", into: &output) { event in
            event.member("delta", object: { AnthropicWriter.writeEnd(of: answer, to: &$0) })
            event.member("usage", object: { AnthropicWriter.write(answer.usage(orOf: promptTokens), to: &$0) })
        }
        Self.append("message_stop", into: &output) { _ in }
    }

    private mutating func fail(_ message: String, type: String, into output: inout [UInt8]) {
        hasEnded = true
        output += SSEEvent.encode(
            event: "error", data: AnthropicWriter.error(message: FailureText.line(message), type: type))
    }

    private static func append(
        _ type: String, into output: inout [UInt8], _ write: (inout JSONWriter) -> Void
    ) {
        var writer = JSONWriter(capacity: 160)
        writer.object { event in
            event.member("type", type)
            write(&event)
        }
        output += SSEEvent.encode(event: type, data: writer.bytes)
    }

    /// Text from a byte on that is the beginning of a character.
    private static func rest(of text: String, after bytes: Int) -> String {
        String(decoding: text.utf8.dropFirst(bytes), as: UTF8.self)
    }
}
