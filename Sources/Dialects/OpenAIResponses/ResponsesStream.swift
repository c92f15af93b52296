import Domain
import JSON
import Upstream

/// Writes the events of a stream in the format of OpenAI's Responses.
///
/// A message ends where a call of a function begins. Calls are open side by side until the end, since some servers mix
/// their pieces; so the ends of items come together with the end of the response, behind `[DONE]`.
package struct ResponsesEventWriter: ChatEventWriter {
    /// The answer so far.
    private var answer = ChatAnswer()
    private let writer: ResponsesWriter
    private var items: [ResponsesItem] = []
    /// The item of the message that is open.
    private var message: Int?
    /// The block of thinking whose item is open, the item, and how many bytes of it have gone out.
    private var reasoning: (block: Int, item: Int, sent: Int)?
    /// Blocks of thinking that have an item.
    private var reasoned = 0
    /// Calls whose further members have gone out.
    private var kept: Set<Int> = []
    /// The item of each call of the answer, and how many bytes of its arguments have gone out; nil for a call that has not
    /// begun.
    private var calls: [(item: Int, sent: Int)?] = []
    private var sequence = 0
    private var hasBegun = false
    private var hasEnded = false
    /// The response as it ended; nil before that, and where it failed.
    package private(set) var ended: [UInt8]?

    package init(_ writer: ResponsesWriter) {
        self.writer = writer
    }

    package mutating func write(_ event: ChatEvent) -> [UInt8] {
        guard !hasEnded else { return [] }
        answer.append(event.delta)
        var output: [UInt8] = []
        switch event.kind {
        case .comment: return Array(":\n\n".utf8)
        case .failure(let failure): fail(failure.message, into: &output)
        case .delta, .usage, .done:
            begin(into: &output)
            for block in answer.thinking.indices { reason(block, into: &output) }
            if event.kind == .delta {
                if !event.delta.text.isEmpty {
                    say(event.delta.text, event.delta.rawLogProbabilities, isRefusal: false, into: &output)
                }
                if let refusal = event.delta.refusal, !refusal.isEmpty {
                    say(refusal, isRefusal: true, into: &output)
                }
            }
            for number in answer.toolCalls.indices { call(number, isLast: event.kind == .done, into: &output) }
            if event.kind == .done { end(into: &output) }
        }
        return output
    }

    // MARK: Reasoning

    private mutating func reason(_ block: Int, into output: inout [UInt8]) {
        let thought = answer.thinking[block]
        if block == reasoned {
            reasoned += 1
            guard thought.redacted == nil else { return }
            closeReasoning(into: &output)
            closeMessage(.completed, into: &output)
            let item = add(.reasoning("", seal: ""), into: &output)
            append("response.content_part.added", item: item, part: 0, into: &output) {
                $0.member("part", object: { ResponsesItem.write(reasoning: "", to: &$0) })
            }
            reasoning = (block, item, 0)
        }
        guard let (open, item, sent) = reasoning, open == block, thought.text.utf8.count > sent else { return }
        reasoning = (block, item, thought.text.utf8.count)
        append("response.reasoning_text.delta", item: item, part: 0, into: &output) {
            $0.member("delta", Self.rest(of: thought.text, after: sent))
        }
    }

    private mutating func closeReasoning(
        _ status: ResponsesItem.Status = .completed, into output: inout [UInt8]
    ) {
        guard let (block, item, _) = reasoning else { return }
        reasoning = nil
        let thought = answer.thinking[block]
        items[item].content = .reasoning(thought.text, seal: thought.seal(host: answer.origin))
        append("response.reasoning_text.done", item: item, part: 0, into: &output) { $0.member("text", thought.text) }
        append("response.content_part.done", item: item, part: 0, into: &output) {
            $0.member("part", object: { ResponsesItem.write(reasoning: thought.text, to: &$0) })
        }
        finish(item, status, into: &output)
    }

    /// Writes what the provider may want back of some calls, and of the message, as an item of its own.
    private mutating func keep(
        _ numbers: [Int], message: ExtraMembers = ExtraMembers(), into output: inout [UInt8]
    ) {
        let unsent = numbers.filter { answer.toolCalls[$0].hasExtra && !kept.contains($0) }
        kept.formUnion(unsent)
        let calls = unsent.map { (writer.callID(answer.toolCalls[$0], number: $0), answer.toolCalls[$0]) }
        let all = KeptMembers(host: answer.origin, message: message, calls: calls)
        guard !all.isEmpty else { return }
        finish(add(.reasoning("", seal: all.seal), into: &output), .completed, into: &output)
    }

    // MARK: Messages

    private mutating func say(
        _ words: String, _ probabilities: [[UInt8]] = [], isRefusal: Bool, into output: inout [UInt8]
    ) {
        closeReasoning(into: &output)
        let index = message ?? add(.message([]), into: &output)
        message = index
        guard case .message(var parts) = items[index].content else { return }
        if parts.last?.isRefusal != isRefusal {
            closePart(of: index, into: &output)
            let part = ResponsesItem.Part(isRefusal: isRefusal, words: "")
            parts.append(part)
            append("response.content_part.added", item: index, part: parts.count - 1, into: &output) {
                $0.member("part", object: { part.write(to: &$0) })
            }
        }
        let last = parts.count - 1
        // A single reference lets the text grow in place.
        items[index].content = .message([])
        parts[last].words += words
        parts[last].probabilities += probabilities
        items[index].content = .message(parts)
        guard !words.isEmpty else { return }
        let kind = isRefusal ? "refusal" : "output_text"
        append("response.\(kind).delta", item: index, part: last, into: &output) { event in
            event.member("delta", words)
            if !isRefusal {
                event.member("logprobs", array: { list in probabilities.forEach { list.element(raw: $0) } })
            }
        }
    }

    private mutating func closePart(of index: Int, into output: inout [UInt8]) {
        guard case .message(let parts) = items[index].content, let part = parts.last else { return }
        let kind = part.isRefusal ? "refusal" : "output_text"
        append("response.\(kind).done", item: index, part: parts.count - 1, into: &output) { event in
            event.member(part.isRefusal ? "refusal" : "text", part.words)
            guard !part.isRefusal else { return }
            event.member("logprobs", array: { list in part.probabilities.forEach { list.element(raw: $0) } })
        }
        append("response.content_part.done", item: index, part: parts.count - 1, into: &output) {
            $0.member("part", object: { part.write(to: &$0) })
        }
    }

    private mutating func closeMessage(_ status: ResponsesItem.Status, into output: inout [UInt8]) {
        guard let index = message else { return }
        message = nil
        closePart(of: index, into: &output)
        finish(index, status, into: &output)
    }

    // MARK: Calls

    private mutating func call(_ number: Int, isLast: Bool, into output: inout [UInt8]) {
        let call = answer.toolCalls[number]
        if number == calls.count { calls.append(nil) }
        if calls[number] == nil {
            // An item cannot begin without the function's name, which some servers send late.
            guard !call.name.isEmpty || isLast else { return }
            closeReasoning(into: &output)
            closeMessage(.completed, into: &output)
            keep([number], into: &output)
            let id = writer.callID(call, number: number)
            let name = writer.toolName(call.name)
            calls[number] = (add(.call(id: id, name: name, arguments: ""), into: &output), 0)
        }
        // The text for a custom tool is known when its arguments are whole.
        guard let (item, sent) = calls[number], call.arguments.utf8.count > sent,
            !writer.toolName(call.name).isCustom
        else { return }
        calls[number] = (item, call.arguments.utf8.count)
        append("response.function_call_arguments.delta", item: item, into: &output) {
            $0.member("delta", Self.rest(of: call.arguments, after: sent))
        }
    }

    /// Gives the items of calls the arguments that have come.
    private mutating func completeCalls() {
        for (number, call) in calls.enumerated() {
            guard let call, case .call(let id, let name, _) = items[call.item].content else { continue }
            let arguments = answer.toolCalls[number].arguments
            items[call.item].content = .call(id: id, name: name, arguments: arguments)
        }
    }

    private mutating func closeCall(_ index: Int, _ status: ResponsesItem.Status, into output: inout [UInt8]) {
        guard case .call(_, let name, let arguments) = items[index].content else { return }
        if name.isCustom {
            let input = ResponsesToolName.input(of: arguments)
            append("response.custom_tool_call_input.delta", item: index, into: &output) { $0.member("delta", input) }
            append("response.custom_tool_call_input.done", item: index, into: &output) { $0.member("input", input) }
        } else {
            append("response.function_call_arguments.done", item: index, into: &output) { event in
                event.member("name", name.name)
                event.member("arguments", arguments)
            }
        }
        finish(index, status, into: &output)
    }

    // MARK: Items

    private mutating func add(_ content: ResponsesItem.Content, into output: inout [UInt8]) -> Int {
        let index = items.count
        items.append(ResponsesItem(content, of: writer.id, index: index))
        appendItem("response.output_item.added", index, into: &output)
        return index
    }

    private mutating func finish(_ index: Int, _ status: ResponsesItem.Status, into output: inout [UInt8]) {
        items[index].status = status
        appendItem("response.output_item.done", index, into: &output)
    }

    private mutating func appendItem(_ type: String, _ index: Int, into output: inout [UInt8]) {
        let item = items[index]
        append(type, into: &output) { event in
            event.member("output_index", index)
            event.member("item", object: { item.write(to: &$0) })
        }
    }

    // MARK: The response

    private mutating func begin(into output: inout [UInt8]) {
        guard !hasBegun else { return }
        hasBegun = true
        for type in ["response.created", "response.in_progress"] { appendResponse(type, .inProgress, into: &output) }
    }

    private mutating func end(into output: inout [UInt8]) {
        hasEnded = true
        let hasSaid = items.contains { if case .reasoning = $0.content { false } else { true } }
        if !hasSaid { say("", isRefusal: false, into: &output) }
        closeReasoning(into: &output)
        completeCalls()
        let cut = ResponsesWriter.cut(answer)
        // Only the last item can have been cut off.
        let last = cut == nil ? ResponsesItem.Status.completed : .incomplete
        for index in items.indices where items[index].status == .inProgress {
            let status = index == items.count - 1 ? last : .completed
            if index == message {
                closeMessage(status, into: &output)
            } else {
                closeCall(index, status, into: &output)
            }
        }
        keep(Array(answer.toolCalls.indices), message: answer.extra, into: &output)
        appendResponse(cut == nil ? "response.completed" : "response.incomplete", .ended, into: &output)
    }

    /// Nothing follows; what has been said stands as it is.
    private mutating func fail(_ message: String, into output: inout [UInt8]) {
        let message = FailureText.line(message)
        hasEnded = true
        guard hasBegun else {
            return append("error", into: &output) { event in
                ResponsesWriter.write(failure: message, to: &event)
                event.memberNull("param")
            }
        }
        closeReasoning(.incomplete, into: &output)
        completeCalls()
        for index in items.indices where items[index].status == .inProgress { items[index].status = .incomplete }
        appendResponse("response.failed", .failed(message: message), into: &output)
    }

    private mutating func appendResponse(
        _ type: String, _ state: ResponsesWriter.State, into output: inout [UInt8]
    ) {
        var response = JSONWriter(capacity: answer.text.utf8.count + 2048)
        response.object { writer.write(answer, items, state, to: &$0) }
        if case .ended = state { ended = response.bytes }
        append(type, into: &output) { [bytes = response.bytes] in $0.member("response", raw: bytes) }
    }

    /// An event about an item, or a part of it.
    private mutating func append(
        _ type: String, item index: Int, part: Int? = nil, into output: inout [UInt8],
        _ write: (inout JSONWriter) -> Void
    ) {
        let id = items[index].id
        append(type, into: &output) { event in
            event.member("item_id", id)
            event.member("output_index", index)
            if let part { event.member("content_index", part) }
            write(&event)
        }
    }

    private mutating func append(
        _ type: String, into output: inout [UInt8], _ write: (inout JSONWriter) -> Void
    ) {
        var writer = JSONWriter(capacity: 256)
        writer.object { event in
            event.member("type", type)
            event.member("sequence_number", sequence)
            write(&event)
        }
        sequence += 1
        output += SSEEvent.encode(event: type, data: writer.bytes)
    }

    /// Text from a byte on that is the beginning of a character.
    private static func rest(of text: String, after bytes: Int) -> String {
        String(decoding: text.utf8.dropFirst(bytes), as: UTF8.self)
    }
}
