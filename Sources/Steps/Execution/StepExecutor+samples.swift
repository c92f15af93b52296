import Calls
import Dialects
import Domain
import Estimation
import JSON
import Routing

/// An answer that waits for its verdict, with further answers of the same model.
struct SampledAnswer: Sendable {
    /// In the order of the calls; the first one is the model's own answer to the step.
    private(set) var outcomes: [StepOutcome]
    let evidence: AnswerEvidence
    /// Of the first answer, in words.
    let part: String?
    /// Index of the answer that is kept of them: the first one of the largest group that agrees.
    private(set) var leading = 0
    /// Answers that agree with the leading one, without itself.
    private(set) var agreeing = 0
    /// Whether another answer than the first may be kept.
    private let mayChange: Bool

    /// - Parameter mayChange: false for a stream, whose events are those of its first answer.
    init(_ outcome: StepOutcome, evidence: AnswerEvidence, part: String?, mayChange: Bool) {
        outcomes = [outcome]
        self.evidence = evidence
        self.part = part
        self.mayChange = mayChange
    }

    var kept: StepOutcome { outcomes[leading] }

    var samples: SampleAgreement { SampleAgreement(agreeing: agreeing, count: outcomes.count - 1) }

    mutating func add(_ outcome: StepOutcome) {
        outcomes.append(outcome)
        let counts = outcomes.indices.map { one in
            outcomes.indices.count { $0 != one && agree(one, $0) }
        }
        let most = counts.max() ?? 0
        if mayChange, counts[leading] < most { leading = counts.firstIndex(of: most) ?? leading }
        agreeing = counts[leading]
    }

    func agree(_ one: Int, _ other: Int) -> Bool {
        AnswerAgreement.score(outcomes[one].answer, reference: outcomes[other].answer) == 1
    }
}

extension StepExecutor {
    /// The temperature of further answers where the request asks for none or less: equal answers tell nothing.
    private static let sampleTemperature = 0.7

    /// Asks a model that has answered once more. Every call is paid and booked by itself.
    mutating func sample(_ model: ModelID) async {
        guard var waiting else {
            machine.sampleFailed("no answer waits for it")
            return
        }
        if let reason = limitReached(by: model) {
            machine.sampleFailed(reason)
        } else if let copy = sampleStep(number: waiting.outcomes.count),
            case .answered(let outcome)? = await stepService.calls.attempt(model, copy)
        {
            addCost(of: outcome)
            let check = AnswerCheck(tools: prepared.request.tools, acceptsWrittenCalls: allowsSubtasks)
            if let problem = outcome.failure.map({ "it broke off: \($0)" }) ?? check.problem(with: outcome.answer) {
                await reject(outcome, "a further answer of bad form: \(problem)")
                machine.sampleFailed(problem)
            } else {
                waiting.add(outcome)
                self.waiting = waiting
                machine.sampled(waiting.samples, output: waiting.kept.answer.output)
            }
        } else {
            attempts.append(Attempt(model: model, isAccepted: false, reason: "a further answer did not come"))
            machine.sampleFailed("the call failed")
        }
        if case .sample = machine.action { return }
        await conclude()
    }

    /// The step with another seed and some temperature.
    private func sampleStep(number: Int) -> PreparedStep? {
        let body = prepared.request.document
        var members: [(key: String, value: [UInt8])] = []
        if (body.root["temperature"]?.double ?? 0) < Self.sampleTemperature {
            members.append(("temperature", Array("\(Self.sampleTemperature)".utf8)))
        }
        if let seed = body.root["seed"]?.integer { members.append(("seed", Array("\(seed &+ Int64(number))".utf8))) }
        guard prepared.request.original == nil,
            let document = try? JSONDocument(body.settingMembers(members, removing: ["stream", "stream_options"])),
            let request = try? ChatRequest(document)
        else { return nil }
        var copy = prepared
        copy.request = request
        copy.decision = decision
        return copy
    }

    /// Books an answer that is not kept, and lists it.
    mutating func reject(_ outcome: StepOutcome, _ reason: String) async {
        await stepService.calls.reject(outcome, prepared)
        attempts.append(
            Attempt(
                model: outcome.model, isAccepted: false, reason: reason, entryID: outcome.entryID,
                endpoint: outcome.endpoint))
    }
}
