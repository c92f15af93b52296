import Calls
import Dialects
import Domain
import Ledger
import Routing
import Upstream

/// Does a step as the sequential rule says: calls, tests what was answered, lets the next candidate answer where it fails,
/// asks for the parts of a step and does them one by one. Every call is paid and booked by itself; the decision gets a
/// line for each.
struct StepExecutor: Sendable {
    let stepService: StepService
    var prepared: PreparedStep
    var machine: StepMachine
    private let memory: Sessions.Memory
    private let delivery: StreamDelivery?
    /// Whether a step may be done in parts: the answer of a chat call is one model's.
    let allowsSubtasks: Bool

    /// Answers that were paid for and did not pass, in the order of asking; booked already.
    private var rejected: [StepOutcome] = []
    var attempts: [Attempt] = []
    private var failures: [(model: ModelID, error: UpstreamError)] = []
    private var accepted: StepOutcome?
    var spent = Money.zero
    private(set) var joules = 0.0
    private let started = ContinuousClock.now

    init(stepService: StepService, step: RoutedStep, delivery: StreamDelivery? = nil, allowsSubtasks: Bool = false) {
        self.stepService = stepService
        prepared = step.prepared
        machine = step.machine
        memory = step.memory
        self.delivery = delivery
        self.allowsSubtasks = allowsSubtasks
    }

    /// The decision as far as it has come.
    var decision: Decision {
        var decision = machine.decision
        decision.attempts = attempts
        if let accepted { decision.model = accepted.model }
        return decision
    }

    /// Goes on until an answer is kept.
    mutating func run() async throws(ServiceError) -> StepOutcome {
        while accepted == nil {
            switch machine.action {
            case .call: try await call()
            case .predict(let model, let others, _): await predict(by: model, others)
            case .decompose(let model, _): await decompose(by: model)
            case .split(let shares, _): await split(shares)
            case .keep(let model, _): try keep(model)
            case .abandon, .ignored: try keepAnything()
            }
        }
        prepared.decision = decision
        guard let accepted else { throw .noAnswer(failures) }
        return accepted
    }

    /// What would be called first, where nobody may be called: text predictors and decomposers are passed over.
    mutating func decideWithoutCalls() {
        while true {
            switch machine.action {
            case .predict(let model, _, _):
                machine.handle(.predictionFailed("\(model) is not asked where nothing is called"))
            case .decompose(let model, _):
                machine.handle(.decompositionFailed("\(model) is not asked where nothing is called"))
            default: return stayWhereItPays()
            }
        }
    }

    // MARK: Calling

    private mutating func call() async throws(ServiceError) {
        if attempts.isEmpty { stayWhereItPays() }
        guard case .call(let verdict) = machine.action else { return }
        prepared.decision = decision
        if let reason = limit(on: verdict.model) { return fail(verdict.model, reason) }
        guard let result = await stepService.calls.attempt(verdict.model, prepared, delivery: delivery) else {
            return fail(verdict.model, "it cannot be called any more")
        }
        switch result {
        case .answered(let outcome): await judge(outcome)
        case .failed(let error, let isFinal):
            failures.append((verdict.model, error))
            if isFinal, rejected.isEmpty { throw .noAnswer(failures) }
            fail(verdict.model, error.description)
        case .unpaid(let error):
            if rejected.isEmpty { throw .ledger(error) }
            fail(verdict.model, error.description)
        }
    }

    /// A run keeps its model unless moving gains more than it costs.
    private mutating func stayWhereItPays() {
        guard case .call(let verdict) = machine.action else { return }
        let rule = CacheAffinity(step: prepared.step, memory: memory, context: prepared.context)
        if let previous = prepared.step.previousModel,
            let reason = rule.reasonToStay(machine.decision, stage: verdict.stage)
        {
            machine.stay(on: previous, reason: reason)
        }
    }

    private mutating func fail(_ model: ModelID, _ reason: String) {
        attempts.append(Attempt(model: model, isAccepted: false, reason: reason))
        machine.handle(.failed(model, reason: reason))
    }

    /// Why a further answer must not be asked for, once one has been paid: the limits of the run hold for all together.
    private func limit(on model: ModelID) -> String? {
        guard !rejected.isEmpty, let candidate = machine.decision.candidate(model) else { return nil }
        if delivery?.channel.isAbandoned == true { return "the client has gone" }
        let left = prepared.context.remaining
        if let budget = left.budget, let most = try? spent.adding(candidate.worstCaseCost), most > budget {
            return "the $\(budget) of the budget have no room for its answer after the $\(spent) spent on this step"
        }
        if let seconds = left.seconds, started.seconds + candidate.latencySeconds > seconds {
            return "its answer would come after the deadline"
        }
        return nil
    }

    // MARK: Judging

    /// Lets the rule say whether an answer is the step's, and books it where it is not.
    mutating func judge(_ outcome: StepOutcome, part: String? = nil) async {
        note(outcome)
        let model = outcome.model
        let check = AnswerCheck(tools: prepared.request.tools, acceptsWrittenCalls: allowsSubtasks)
        let verifies = prepared.context.policy.verify
        let problem = outcome.failure.map { "its stream broke off: \($0)" } ?? check.problem(with: outcome.answer)
        // What has gone out cannot be taken back: the verdict is only recorded.
        let hasGoneOut = delivery.map { !$0.isHeldBack } ?? false
        let action = machine.answered(
            model, output: outcome.answer.output, fault: verifies && !hasGoneOut ? problem : nil)
        let score = machine.acceptance.flatMap { $0.isFinite ? $0 : nil }
        let isKept = if case .keep(let kept, _) = action { kept == model } else { false }
        var words = part.map { "\($0): " } ?? ""
        if let problem {
            words += isKept || hasGoneOut ? "passed on as it is: \(problem)" : problem
        } else if score != nil {
            words +=
                isKept ? "acceptable" : hasGoneOut ? "passed on before the verdict" : "not likely enough acceptable"
        } else {
            words += verifies ? "in good form" : "not verified"
        }
        attempts.append(
            Attempt(
                model: model, score: score, kappa: score == nil ? nil : threshold, isAccepted: isKept || hasGoneOut,
                reason: words, entryID: outcome.entryID))
        if isKept || hasGoneOut {
            accepted = outcome
        } else {
            await stepService.calls.reject(outcome, prepared)
            var booked = outcome
            booked.commit = StepCommit()
            rejected.append(booked)
        }
    }

    private var threshold: Double { prepared.context.policy.verification.threshold ?? machine.decision.kappa }

    mutating func note(_ outcome: StepOutcome) {
        spent = (try? spent.adding(outcome.figures.cost.total)) ?? spent
        joules += outcome.figures.energyJoules
    }

    /// Takes up an answer that was paid for before.
    private mutating func keep(_ model: ModelID) throws(ServiceError) {
        guard let outcome = rejected.last(where: { $0.model == model }) else { return try keepAnything() }
        take(outcome, "kept as the best of what was paid for")
    }

    /// Where no answer passed, the last one that was paid for is better than none: it is the reference's wherever the
    /// reference has answered.
    private mutating func keepAnything() throws(ServiceError) {
        let reference = machine.decision.reference
        guard let outcome = rejected.last(where: { $0.model == reference }) ?? rejected.last else {
            throw .noAnswer(failures)
        }
        take(outcome, "kept though it did not pass: no better answer was to be had")
    }

    private mutating func take(_ outcome: StepOutcome, _ words: String) {
        if let index = attempts.lastIndex(where: { $0.entryID == outcome.entryID }) {
            attempts[index].isAccepted = true
            attempts[index].reason += "; \(words)"
        }
        accepted = outcome
    }
}
