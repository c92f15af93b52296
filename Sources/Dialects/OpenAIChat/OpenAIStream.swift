import Domain
package import JSON

/// Reads the chunks of an OpenAI stream; they are passed on as they are.
package struct OpenAIEventReader: ChatEventReader {
    package private(set) var answer = ChatAnswer()
    package private(set) var isDone = false
    /// The `index` of each tool call that has begun, in the order of `answer.toolCalls`; nil from servers without.
    private var toolCallIndices: [Int64?] = []

    package init() {}

    package mutating func read(_ event: SSEEvent) -> [ChatEvent] {
        if event.data.elementsEqual("[DONE]".utf8) {
            isDone = true
            return [.done]
        }
        // What is no JSON object is nobody's chunk: some proxies send words of their own in between.
        guard let document = try? JSONDocument(event.data), document.root.kind == .object else { return [] }
        let root = document.root
        if let error = root["error"], !error.isNull {
            return [ChatEvent(kind: .failure(FailureReader.read(root, statusWithoutCode: 0)), data: event.data)]
        }
        OpenAIWire.readCommon(root, into: &answer)
        guard let choices = root["choices"] else { return [ChatEvent(kind: .delta(text: ""), data: event.data)] }
        var text = ""
        var isEmpty = true
        for choice in choices.elements {
            isEmpty = false
            if OpenAIWire.isFirst(choice) { text += read(choice) }
        }
        if isEmpty, let usage = root["usage"], !usage.isNull { return [ChatEvent(kind: .usage, data: event.data)] }
        return [ChatEvent(kind: .delta(text: text), data: event.data)]
    }

    /// Takes a choice's delta; returns its text.
    private mutating func read(_ choice: JSONValue) -> String {
        if let reason = choice["finish_reason"]?.string { answer.finishReason = FinishReason(openAI: reason) }
        OpenAIWire.readNativeEnd(choice, into: &answer)
        OpenAIWire.readLogProbabilities(choice, into: &answer)
        guard let delta = choice["delta"], delta.kind == .object else { return "" }
        if let refusal = delta["refusal"]?.string { answer.refusal = (answer.refusal ?? "") + refusal }
        OpenAIWire.readThinking(delta, into: &answer)
        if let calls = delta["tool_calls"] { calls.elements.forEach { readToolCall($0) } }
        let text = OpenAIWire.text(delta["content"])
        answer.text += text
        return text
    }

    /// A tool call comes in pieces: the first has id and name, all have some of the arguments.
    private mutating func readToolCall(_ piece: JSONValue) {
        let index = piece["index"]?.integer
        let id = piece["id"]?.string.flatMap { $0.isEmpty ? nil : $0 }
        let position: Int
        if let index {
            position = toolCallIndices.lastIndex(of: index) ?? toolCallIndices.count
        } else {
            // Without an index a new id begins a new call.
            let isNew = toolCallIndices.isEmpty || id.map { $0 != answer.toolCalls.last?.id } ?? false
            position = isNew ? toolCallIndices.count : toolCallIndices.count - 1
        }
        if position == toolCallIndices.count {
            toolCallIndices.append(index)
            answer.toolCalls.append(ToolCall(id: "", name: "", arguments: ""))
        }
        let function = piece["function"]
        if let id { answer.toolCalls[position].id = id }
        if let name = function?["name"]?.string, !name.isEmpty, answer.toolCalls[position].name.isEmpty {
            answer.toolCalls[position].name = name
        }
        if let arguments = function?["arguments"] {
            answer.toolCalls[position].arguments +=
                arguments.string ?? (arguments.isNull ? "" : String(decoding: arguments.raw, as: UTF8.self))
        }
    }
}
