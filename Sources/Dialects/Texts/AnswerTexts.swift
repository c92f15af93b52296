import JSON
import Upstream

/// The texts of an answer, and the same answer with others in their place.
package struct AnswerTexts: Sendable {
    private enum Place: Sendable {
        case text, refusal
        case thinking(Int)
        case arguments(Int)
    }

    private let answer: ChatAnswer
    /// Where the server wrote OpenAI's format: its texts with those of further choices.
    private let json: JSONTexts?
    private var places: [Place] = []
    /// What the model wrote: text, refusal, thinking and arguments of calls; none is empty.
    package private(set) var texts: [String] = []

    /// - Parameter openAIBytes: the answer as its server wrote it in OpenAI's format; nil for a stream and for others.
    package init(_ answer: ChatAnswer, openAIBytes: [UInt8]?) {
        self.answer = answer
        json = openAIBytes.flatMap { try? JSONDocument($0) }.map { JSONTexts(ofAnswer: $0) }
        if let json {
            texts = json.texts
            return
        }
        add(answer.text, at: .text)
        add(answer.refusal ?? "", at: .refusal)
        for (index, block) in answer.thinking.enumerated() { add(block.text, at: .thinking(index)) }
        for (index, call) in answer.toolCalls.enumerated() { add(call.arguments, at: .arguments(index)) }
    }

    private mutating func add(_ text: String, at place: Place) {
        guard !text.isEmpty else { return }
        places.append(place)
        texts.append(text)
    }

    /// The answer with other texts, and its bytes in OpenAI's format where it had some.
    ///
    /// Log-probabilities and members that only the provider knows are left out: they repeat what was written. A thinking
    /// block with a seal is left out where its text changes.
    ///
    /// - Parameter others: as many as `texts`, in their order.
    package func replaced(by others: [String]) -> (answer: ChatAnswer, openAIBytes: [UInt8]?) {
        var changed = answer
        changed.logProbabilities = nil
        changed.rawLogProbabilities = []
        changed.extra = ExtraMembers()
        if let json { return Self.replaced(changed, json, by: others) }
        var unsealed: Set<Int> = []
        for ((place, old), other) in zip(zip(places, texts), others) where old != other {
            switch place {
            case .text: changed.text = other
            case .refusal: changed.refusal = other
            case .thinking(let index):
                changed.thinking[index].text = other
                if !changed.thinking[index].signature.isEmpty { unsealed.insert(index) }
            case .arguments(let index): changed.toolCalls[index].arguments = other
            }
        }
        changed.thinking = changed.thinking.enumerated().filter { !unsealed.contains($0.offset) }.map(\.element)
        return (changed, nil)
    }

    private static func replaced(
        _ answer: ChatAnswer, _ json: JSONTexts, by others: [String]
    ) -> (answer: ChatAnswer, openAIBytes: [UInt8]?) {
        var changed = answer
        let document = try? json.replaced(by: others)
        let read = document.flatMap { try? OpenAIWire.readAnswer($0.root, host: answer.origin ?? "") }
        changed.text = read?.text ?? ""
        changed.refusal = read?.refusal
        changed.thinking = read?.thinking ?? []
        changed.toolCalls = read?.toolCalls ?? []
        // What cannot be read again is written anew, without its words.
        guard let document, read != nil else { return (changed, nil) }
        return (changed, OpenAIWire.withoutLogProbabilities(document.bytes))
    }
}
