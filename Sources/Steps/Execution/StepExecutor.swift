import Calls
import Dialects
import Domain
import Estimation
import Ledger
import Routing
import Upstream

/// Performs a step by the sequential rule: calls a model, verifies its answer, and calls the next candidate on failure.
///
/// A step may also be split into subtasks that are performed one by one. Every call is paid and booked by itself, and
/// becomes an attempt of the decision.
struct StepExecutor: Sendable {
    let stepService: StepService
    var prepared: PreparedStep
    var machine: StepMachine
    private let memory: Sessions.Memory
    let delivery: StreamDelivery?
    /// Whether the step may be split into subtasks. The answer of a chat call is one model's.
    let allowsSubtasks: Bool

    /// Answers that did not pass, in the order of the calls; booked already.
    private var rejected: [StepOutcome] = []
    /// Entries of the answers among them that are of bad form.
    private var faulty: Set<String> = []
    var attempts: [Attempt] = []
    private var failures: [(model: ModelID, error: UpstreamError)] = []
    /// What is wrong with the answer that waits for its verdict; nil for nothing.
    private var fault: String?
    /// The largest context, in tokens, of the models for which the prompt was too long; 0 where it was not.
    private var contextPassed = 0
    private var accepted: StepOutcome?
    /// The answer that waits for its verdict.
    var waiting: SampledAnswer?
    var spent = Money.zero
    private(set) var joules = 0.0
    let started = ContinuousClock.now

    init(stepService: StepService, step: RoutedStep, delivery: StreamDelivery? = nil, allowsSubtasks: Bool = false) {
        self.stepService = stepService
        prepared = step.prepared
        machine = step.machine
        memory = step.memory
        self.delivery = delivery
        self.allowsSubtasks = allowsSubtasks
        // The bodies of other dialects are sent as they came.
        machine.allowsSamples = prepared.request.original == nil
    }

    /// The decision with the attempts so far.
    var decision: Decision {
        var decision = machine.decision
        decision.attempts = attempts
        if let accepted { decision.model = accepted.model }
        return decision
    }

    /// Performs the rule's actions until an answer is accepted.
    mutating func run() async throws -> StepOutcome {
        while accepted == nil {
            switch machine.action {
            case .call: try await call()
            case .sample(let model, _): await sample(model)
            case .predict(let model, let others, _): await predict(by: model, others)
            case .decompose(let model, _): await decompose(by: model)
            case .split(let shares, _): await performSubtasks(shares)
            case .keep(let model, _): try acceptEarlier(model)
            case .abandon, .ignored: try acceptLastResort()
            }
        }
        prepared.decision = decision
        guard let accepted else { throw ServiceError.noAnswer(failures) }
        return accepted
    }

    /// Decides on the first call without calling: text predictors and decomposers are skipped.
    mutating func decideWithoutCalls() {
        machine.proceedWithoutCalls()
        keepCachedModel()
    }

    // MARK: Calling

    private mutating func call() async throws {
        if attempts.isEmpty { keepCachedModel() }
        guard case .call(let verdict) = machine.action else { return }
        prepared.decision = decision
        if let reason = limitReached(by: verdict.model) ?? contextTooShort(of: verdict.model) {
            return fail(verdict.model, reason)
        }
        guard let result = await stepService.calls.attempt(verdict.model, prepared, delivery: delivery) else {
            return fail(verdict.model, "it cannot be called any more")
        }
        switch result {
        case .answered(let outcome): await evaluate(outcome)
        case .failed(let error, let isFinal, let endpoints):
            failures.append((verdict.model, error))
            if error.refusal?.isContextOverflow == true {
                contextPassed = max(contextPassed, context(of: verdict.model) ?? 0)
            }
            if isFinal, rejected.isEmpty { throw ServiceError.noAnswer(failures) }
            fail(verdict.model, Self.tried(endpoints) + error.description, at: endpoints.last)
        case .unpaid(let error):
            if rejected.isEmpty { throw error }
            fail(verdict.model, error.description)
        }
    }

    private func context(of model: ModelID) -> Int? {
        prepared.context.models.first { $0.model.id == model }?.model.contextTokens
    }

    /// Why a model need not be asked: the prompt was too long for one with as much context. Nil where it may hold it.
    private func contextTooShort(of model: ModelID) -> String? {
        guard let tokens = context(of: model), tokens <= contextPassed else { return nil }
        return "the prompt was too long for a model with a context of \(contextPassed) tokens, and it has \(tokens)"
    }

    /// Keeps the run's model unless a switch gains more than its lost cache costs.
    private mutating func keepCachedModel() {
        guard case .call(let verdict) = machine.action else { return }
        let rule = CacheAffinity(step: prepared.step, memory: memory, context: prepared.context)
        if let previous = prepared.step.previousModel,
            let reason = rule.reasonToStay(machine.decision, stage: verdict.stage)
        {
            machine.stay(on: previous, reason: reason)
        }
    }

    private static func tried(_ endpoints: [String]) -> String {
        endpoints.count > 1 ? "tried at \(endpoints.joined(separator: ", then ")): " : ""
    }

    private mutating func fail(_ model: ModelID, _ reason: String, at endpoint: String? = nil) {
        attempts.append(Attempt(model: model, isAccepted: false, reason: reason, endpoint: endpoint))
        machine.handle(.failed(model, reason: reason))
    }

    /// The limit of the run that forbids one more call after a paid one; nil for none. The limits hold for all calls.
    func limitReached(by model: ModelID) -> String? {
        guard !rejected.isEmpty || waiting != nil, let candidate = machine.decision.candidate(model) else { return nil }
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

    // MARK: Verifying

    /// Accepts an answer if the rule keeps it; otherwise books it as rejected. The verdict may wait for more answers.
    mutating func evaluate(_ outcome: StepOutcome, part: String? = nil) async {
        addCost(of: outcome)
        let check = AnswerCheck(tools: prepared.request.tools, acceptsWrittenCalls: allowsSubtasks)
        let problem = outcome.failure.map { "its stream broke off: \($0)" } ?? check.problem(with: outcome.answer)
        let (evidence, veto) = await gatherEvidence(outcome, problem: prepared.context.policy.verify ? problem : nil)
        waiting = SampledAnswer(outcome, evidence: evidence, part: part, mayChange: delivery == nil && part == nil)
        fault = veto ?? problem
        let rejects = veto != nil || prepared.context.policy.verify && problem != nil
        if isSent { machine.allowsSamples = false }
        machine.answered(
            outcome.model, output: outcome.answer.output, fault: rejects && !isSent ? fault : nil, evidence: evidence)
        if case .sample = machine.action { return }
        await conclude()
    }

    /// Whether the answer has left already, so that it cannot be withdrawn: its verdict is only recorded.
    private var isSent: Bool { delivery.map { !$0.isHeldBack } ?? false }

    /// Accepts the answer that waits for its verdict if the rule keeps it; otherwise books it as rejected.
    mutating func conclude() async {
        guard let waiting else { return }
        self.waiting = nil
        let model = waiting.kept.model
        let score = machine.acceptance.flatMap { $0.isFinite ? $0 : nil }
        let isKept = if case .keep(let kept, _) = machine.action { kept == model } else { false }
        var reason = waiting.part.map { "\($0): " } ?? ""
        if let fault {
            reason += isKept || isSent ? "passed on as it is: \(fault)" : fault
        } else if score != nil {
            reason +=
                isKept ? "acceptable" : isSent ? "passed on before the verdict" : "not likely enough acceptable"
        } else {
            reason += prepared.context.policy.verifies ? "in good form" : "not verified"
        }
        var pieces = waiting.evidence.pieces
        if let opinion = machine.opinion { pieces.append(opinion) }
        if waiting.samples.count > 0 {
            pieces.append(
                Evidence(
                    name: "samples",
                    finding: "\(waiting.samples.agreeing) of \(waiting.samples.count) further answers agree",
                    logOdds: waiting.samples.logOdds))
        }
        for (index, outcome) in waiting.outcomes.enumerated() {
            guard index != waiting.leading else {
                attempts.append(
                    Attempt(
                        model: model, score: score, kappa: score == nil ? nil : threshold,
                        isAccepted: isKept || isSent, reason: reason, entryID: outcome.entryID,
                        endpoint: outcome.endpoint, evidence: pieces))
                continue
            }
            let agrees = waiting.agree(index, waiting.leading)
            await reject(
                outcome,
                (index == 0 ? "the first of several answers" : "a further answer")
                    + (agrees ? "; it agrees with the one judged" : "; it does not agree with the one judged"))
        }
        if isKept || isSent {
            accepted = waiting.kept
        } else {
            await stepService.calls.reject(waiting.kept, prepared)
            if fault != nil { faulty.insert(waiting.kept.entryID) }
            var booked = waiting.kept
            booked.commit = StepCommit()
            rejected.append(booked)
        }
    }

    private var threshold: Double { prepared.context.policy.verification.threshold ?? machine.decision.kappa }

    mutating func addCost(of outcome: StepOutcome) {
        spent = (try? spent.adding(outcome.figures.cost.total)) ?? spent
        joules += outcome.figures.energyJoules
    }

    /// Accepts an earlier answer of a model, although it did not pass at first.
    private mutating func acceptEarlier(_ model: ModelID) throws {
        // A model that was asked again has two answers.
        let own = rejected.filter { $0.model == model }
        guard let outcome = own.last(where: { !faulty.contains($0.entryID) }) ?? own.last else {
            return try acceptLastResort()
        }
        accept(outcome, "kept as the best of what was paid for")
    }

    /// Accepts the reference's answer, or else the last one, if no answer passed: a paid answer is better than none.
    private mutating func acceptLastResort() throws {
        let reference = machine.decision.reference
        guard let outcome = rejected.last(where: { $0.model == reference }) ?? rejected.last else {
            throw ServiceError.noAnswer(failures)
        }
        accept(outcome, "kept though it did not pass: no better answer was to be had")
    }

    private mutating func accept(_ outcome: StepOutcome, _ reason: String) {
        if let index = attempts.lastIndex(where: { $0.entryID == outcome.entryID }) {
            attempts[index].isAccepted = true
            attempts[index].reason += "; \(reason)"
        }
        accepted = outcome
    }
}
