import Domain

/// HERA's sequential rule over one run: a pure state machine, events in, actions out.
///
/// The first step starts with URC. Each step then tests the candidates before the reference in the plan: SSE, SLE and
/// CD of the first, of the next, and so on. Then SD, then the reference. If an answer fails its verification, the next
/// candidate answers. SLM of the paper is any candidate, LLM the reference (docs/internals/routing.md).
package struct SequentialRule: Sendable {
    package internal(set) var state: RunState
    /// Every test and remark since the step began, in order.
    package internal(set) var findings: [Finding] = []
    /// The current step.
    var step: Shared<RuleStep>?
    /// Rejected answers of this step.
    var rejected: [RuleEvent.Answer] = []
    var unavailable: [ModelID] = []
    /// The text predictor's estimates, which replace the trained ones.
    var predicted: [ModelID: Double] = [:]
    /// The candidates before this index have been tested.
    var next = 0
    var wasDecomposed = false

    package init(state: RunState = RunState()) {
        self.state = state
    }

    /// Consumes an event and returns the next action.
    package mutating func handle(_ event: RuleEvent) -> RuleAction {
        if case .step(let step) = event { return begin(step) }
        guard let current = step else { return .ignored(reason: "no step has begun") }
        switch event {
        case .step: return .ignored(reason: "")
        case .predicted(let similarity):
            predicted = similarity
            return search(current.value)
        case .predictionFailed(let reason):
            findings.append(.predictionFailed(reason: reason))
            return search(current.value)
        case .decomposed(let parts): return split(current.value, into: parts)
        case .decompositionFailed(let reason):
            findings.append(.undivided(reason: reason))
            return lastResort(current.value)
        case .answered(let answer): return evaluate(answer, current.value)
        case .failed(let model, let reason):
            unavailable.append(model)
            findings.append(.failed(model, reason: reason))
            release(from: model, because: "it did not answer")
            return search(current.value)
        }
    }

    /// Ends the current step. Later events are ignored until the next one begins.
    package mutating func end() { step = nil }

    // MARK: Beginning of a step

    private mutating func begin(_ step: RuleStep) -> RuleAction {
        self.step = Shared(step)
        (rejected, unavailable, predicted, next, wasDecomposed) = ([], [], [:], 0, false)
        findings.removeAll(keepingCapacity: true)
        // URC, SSE, SLE and three steps of CD for each. Growing the array would cost more than the tests.
        findings.reserveCapacity(6 * step.order.count + 4)
        compareHistory(step)
        state.position = step.position
        state.historyEnd = step.history.end ?? state.historyEnd
        if let forced = step.forced {
            (state.committed, state.span) = (nil, nil)
            return .call(.init(model: forced.model, stage: .plan, reason: forced.reason))
        }
        if let kept = stay(step) { return .call(kept) }
        if step.position == 1, step.settings.stages.contains(.urc), let verdict = requestLevel(step) {
            state.committed = verdict.model
            return .call(verdict)
        }
        if let opening = step.opening, step.candidate(opening.model) != nil { return .call(opening) }
        if step.settings.stages.contains(.sse), let predictor = step.settings.textPredictor,
            let first = step.cheaper.first
        {
            return .predict(
                by: predictor, of: [first.model, step.reference.model],
                reason: "\(predictor) writes what \(first.model) and \(step.reference.model) would answer at step "
                    + "\(step.position)")
        }
        return search(step)
    }

    /// Drops earlier commitments if the run has rewritten its history.
    private mutating func compareHistory(_ step: RuleStep) {
        if step.position <= 1 {
            // A new request opens a new chain.
            (state.committed, state.span) = (nil, nil)
            return
        }
        var change: String?
        if let end = state.historyEnd, !step.history.isEmpty, !step.history.follows(end) {
            change = "messages before step \(state.position) were changed"
        } else if step.position < state.position {
            change = "the run went back from step \(state.position) to step \(step.position)"
        }
        guard let change else { return }
        let dropped = [
            state.span.map { "the span on \($0.model)" },
            state.committed.map { "the commitment to \($0)" },
            state.plan.map { _ in "the plan" },
        ].compactMap { $0 }
        findings.append(.historyChanged(change, dropped: dropped))
        (state.committed, state.span, state.plan) = (nil, nil, nil)
    }

    /// The model that an earlier step committed to, while that holds.
    private mutating func stay(_ step: RuleStep) -> RuleAction.Verdict? {
        if let model = state.committed {
            if step.candidate(model) != nil {
                findings.append(.committed(model))
                return .init(model: model, stage: .urc, reason: "stays on \(model): the whole request was given to it")
            }
            release(from: model, because: "it cannot serve step \(step.position)")
        }
        guard let span = state.span else { return nil }
        guard step.position <= span.through else {
            state.span = nil
            return nil
        }
        guard step.candidate(span.model) != nil else {
            release(from: span.model, because: "it cannot serve step \(step.position)")
            return nil
        }
        findings.append(.spanned(span.stage, from: span.from, through: span.through))
        return .init(
            model: span.model, stage: span.stage,
            reason: "stays on \(span.model) at step \(step.position): the look-ahead (\(span.stage.rawValue)) at step "
                + "\(span.from) gave it the run through step \(span.through)")
    }

    /// Ends a model's commitment and span.
    mutating func release(from model: ModelID, because reason: String) {
        state.plan = nil
        if state.committed == model {
            state.committed = nil
            findings.append(.commitmentEnded(model, reason: reason))
        }
        if state.span?.model == model {
            state.span = nil
            findings.append(.spanEnded(model, reason: reason))
        }
    }

    // MARK: Searching

    /// The next candidate that passes a test; then SD, then the last resort.
    mutating func search(_ step: RuleStep) -> RuleAction {
        let free = FreeStages(step.settings.stages)
        if step.settings.stages.isEmpty, let first = step.order.first(where: { !wasTried($0.model) }) {
            return .call(
                .init(
                    model: first.model, stage: .plan,
                    reason:
                        "\(first.model): \(rejected.isEmpty && unavailable.isEmpty ? "first" : "next") in the plan; the policy "
                        + "has no stage on that would test it"))
        }
        let end = free.isEmpty ? next : step.cheaper.endIndex
        while next < end {
            let (model, similarity) = (step.order[next].model, step.order[next].similarity)
            next += 1
            if wasTried(model) { continue }
            if let verdict = test(model, similarity: similarity, stages: free, step) { return .call(verdict) }
        }
        if rejected.isEmpty, unavailable.isEmpty, !wasDecomposed, let action = decompose(step) { return action }
        return lastResort(step)
    }

    func wasTried(_ model: ModelID) -> Bool { unavailable.contains(model) || rejected.contains { $0.model == model } }
}
