package import Domain

/// What one event of a stream adds to a ``ChatAnswer``.
package struct ChatDelta: Hashable, Sendable {
    package struct Thinking: Hashable, Sendable {
        /// Index in ``ChatAnswer/thinking``.
        package var index: Int
        package var block: ThinkingBlock
    }

    package struct Call: Hashable, Sendable {
        /// Index in ``ChatAnswer/toolCalls``.
        package var index: Int
        /// Set in the first piece of a call.
        package var id: String?
        package var name: String?
        package var arguments: String
        /// See ``ToolCall/extra``.
        package var extra = ExtraMembers()
        /// See ``ToolCall/functionExtra``.
        package var functionExtra = ExtraMembers()

        init(index: Int, id: String? = nil, name: String? = nil, arguments: String) {
            self.index = index
            self.id = id
            self.name = name
            self.arguments = arguments
        }
    }

    /// Whether the event opens the answer.
    package var isStart = false
    package var id: String?
    package var model: String?
    package var serviceTier: ServiceTier?
    package var text = ""
    package var refusal: String?
    package var thinking: [Thinking] = []
    /// See ``ChatAnswer/extra``.
    package var extra = ExtraMembers()
    /// See ``ChatAnswer/origin``.
    package var origin: String?
    package var toolCalls: [Call] = []
    package var finishReason: FinishReason?
    package var nativeFinishReason: String?
    package var stopSequence: String?
    /// Replaces the earlier counts.
    package var reported: ReportedUsage?
    package var timings: ServerTimings?
    /// Added to those of the answer.
    package var logProbabilities: [TokenProbability]?
    /// See ``ChatAnswer/rawLogProbabilities``.
    package var rawLogProbabilities: [[UInt8]] = []

    package init() {}

    /// The counts as a usage; see ``ChatAnswer/usage``.
    package var usage: Usage? {
        get { reported?.believed }
        set { reported = newValue.map { ReportedUsage(usage: $0) } }
    }

    /// Whether the provider may want something of it back.
    var hasKept: Bool {
        !extra.isEmpty || thinking.contains { $0.block.member != nil }
            || toolCalls.contains { !$0.extra.isEmpty || !$0.functionExtra.isEmpty }
    }

    var byteCount: Int {
        text.utf8.count + (refusal?.utf8.count ?? 0)
            + thinking.reduce(0) {
                $0 + $1.block.text.utf8.count + $1.block.signature.utf8.count + ($1.block.redacted?.utf8.count ?? 0)
            }
            + toolCalls.reduce(0) { $0 + $1.arguments.utf8.count }
    }
}

extension ChatAnswer {
    /// Adds the next piece of a stream.
    package mutating func append(_ delta: ChatDelta) {
        if id == nil { id = delta.id }
        if model == nil { model = delta.model }
        if let tier = delta.serviceTier { serviceTier = tier }
        text += delta.text
        if let piece = delta.refusal { refusal = (refusal ?? "") + piece }
        for piece in delta.thinking { append(piece) }
        for piece in delta.toolCalls { append(piece) }
        extra.add(delta.extra)
        if let origin = delta.origin { self.origin = origin }
        if let reason = delta.finishReason { finishReason = reason }
        if let name = delta.nativeFinishReason { nativeFinishReason = name }
        if let sequence = delta.stopSequence { stopSequence = sequence }
        if let reported = delta.reported { self.reported = reported }
        if let timings = delta.timings { self.timings = timings }
        rawLogProbabilities += delta.rawLogProbabilities
        if let piece = delta.logProbabilities {
            if logProbabilities == nil { logProbabilities = piece } else { logProbabilities?.append(contentsOf: piece) }
        }
    }

    private mutating func append(_ piece: ChatDelta.Thinking) {
        if thinking.indices.contains(piece.index) {
            thinking[piece.index].text += piece.block.text
            thinking[piece.index].signature += piece.block.signature
        } else {
            thinking.append(piece.block)
        }
    }

    private mutating func append(_ piece: ChatDelta.Call) {
        if !toolCalls.indices.contains(piece.index) { toolCalls.append(ToolCall(id: "", name: "", arguments: "")) }
        let index = min(piece.index, toolCalls.count - 1)
        if let id = piece.id { toolCalls[index].id = id }
        if let name = piece.name, toolCalls[index].name.isEmpty { toolCalls[index].name = name }
        toolCalls[index].arguments += piece.arguments
        toolCalls[index].extra.add(piece.extra)
        toolCalls[index].functionExtra.add(piece.functionExtra)
    }

    /// The events of a stream that gives this answer, `done` included.
    ///
    /// - Parameters:
    ///   - id: the answer's id where its server gave none.
    ///   - model: the model's name where its server gave none.
    package func events(id: String, model: String) -> [ChatEvent] {
        var start = ChatDelta()
        start.isStart = true
        start.id = self.id ?? id
        start.model = self.model ?? model
        start.origin = origin
        var deltas = [start]
        func add(_ set: (inout ChatDelta) -> Void) {
            var delta = ChatDelta()
            set(&delta)
            deltas.append(delta)
        }
        for (index, block) in thinking.enumerated() { add { $0.thinking = [.init(index: index, block: block)] } }
        if !text.isEmpty || !rawLogProbabilities.isEmpty {
            add { delta in
                delta.text = text
                (delta.logProbabilities, delta.rawLogProbabilities) = (logProbabilities, rawLogProbabilities)
            }
        }
        if let refusal { add { $0.refusal = refusal } }
        for (index, call) in toolCalls.enumerated() {
            var piece = ChatDelta.Call(index: index, id: call.id, name: call.name, arguments: call.arguments)
            (piece.extra, piece.functionExtra) = (call.extra, call.functionExtra)
            add { $0.toolCalls = [piece] }
        }
        add { delta in
            delta.extra = extra
            delta.finishReason = finishReason ?? .stop
            delta.stopSequence = stopSequence
            delta.nativeFinishReason = nativeFinishReason
        }
        var events = deltas.map { ChatEvent(kind: .delta, delta: $0) }
        if let reported {
            var delta = ChatDelta()
            delta.reported = reported
            events.append(ChatEvent(kind: .usage, delta: delta))
        }
        return events + [.done]
    }
}
