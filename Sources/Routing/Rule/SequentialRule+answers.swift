import Domain

/// The transitions after answers, and when no better candidate is left.
extension SequentialRule {
    /// Keeps an answer, or lets the next candidate answer. Paid answers stay paid.
    mutating func evaluate(_ answer: RuleEvent.Answer, _ step: RuleStep) -> RuleAction {
        let model = answer.model
        if let fault = answer.fault {
            findings.append(.malformed(model, fault: fault))
            rejected.append(answer)
            release(from: model, because: "its answer failed: \(fault)")
            return search(step)
        }
        if let next = answer.next { return follow(next, after: answer, step) }
        guard step.verification.mode != .off else {
            return .keep(model, reason: "\(model) answered; the policy asks for no test of it")
        }
        guard let acceptance = number(answer.acceptance, "verify", model) else {
            return .keep(model, reason: "\(model) answered in good form; nothing more is known of the answer")
        }
        if step.priced != nil, step.verification.threshold == nil {
            return .keep(model, reason: "\(model) answered in good form; no other answer is worth its price")
        }
        let threshold = step.verification.threshold ?? step.kappa.at(step.position)
        let name = step.verification.threshold == nil ? "kappa" : "the verify threshold"
        let passes = acceptance >= threshold
        findings.append(.verified(model, acceptance, passes: passes, threshold: threshold))
        if passes {
            return .keep(
                model,
                reason: "\(model)'s answer is acceptable with probability "
                    + Decimals.compared(acceptance, ">= \(name)", threshold))
        }
        rejected.append(answer)
        release(
            from: model,
            because: "its answer is acceptable with probability "
                + Decimals.compared(acceptance, "< \(name)", threshold))
        return search(step)
    }

    /// Keeps an answer or asks another model, by the value of one more answer against its price.
    private mutating func follow(_ next: NextCall, after answer: RuleEvent.Answer, _ step: RuleStep) -> RuleAction {
        switch next {
        case .sample(let model, _):
            // `StepMachine` buys samples before it reports the answer.
            return .keep(model, reason: "\(model) answered in good form; nothing more is known of the answer")
        case .keep(let kept, let correctness):
            findings.append(.valued(kept, correctness, next: nil))
            if kept != answer.model { rejected.append(answer) }
            return .keep(
                kept,
                reason:
                    "\(kept)'s answer is right with probability \(Decimals.two(correctness)); no other answer is worth "
                    + "its price under max_loss")
        case .askAgain(let way):
            findings.append(.askedAgain(way.model, answer.acceptance ?? 0, way: way.wayName))
            rejected.append(answer)
            guard step.candidate(way.model) != nil else { return search(step) }
            return .call(
                .init(
                    model: way.model, stage: way.model == step.reference.model ? .reference : .plan,
                    reason: "\(way.wayName) is asked as well: its first answer is right with probability "
                        + "\(Decimals.two(answer.acceptance ?? 0)), and this one is expected to be worth its price"))
        case .ask(let model):
            return ask(
                model, after: answer, step, "another answer is worth its price",
                and: "another one is expected to be worth its price")
        case .compare(let model, let other, _):
            return ask(
                model, after: answer, step, "its answer is held against that of \(model)",
                and: "whether \(model) agrees with \(other) is expected to be worth its price")
        }
    }

    /// Asks another model after an answer.
    private mutating func ask(
        _ model: ModelID, after answer: RuleEvent.Answer, _ step: RuleStep, _ releasing: String, and reason: String
    ) -> RuleAction {
        findings.append(.valued(answer.model, answer.acceptance ?? 0, next: model))
        rejected.append(answer)
        release(from: answer.model, because: releasing)
        guard !wasTried(model), step.candidate(model) ?? step.others.first(where: { $0.model == model }) != nil else {
            return search(step)
        }
        return .call(
            .init(
                model: model, stage: model == step.reference.model ? .reference : .plan,
                reason: "\(model) is asked as well: the answer of \(answer.model) is right with probability "
                    + "\(Decimals.two(answer.acceptance ?? 0)), and \(reason)"))
    }

    /// The reference; without it the best candidate left; without any the best paid answer.
    mutating func lastResort(_ step: RuleStep) -> RuleAction {
        if !wasTried(step.reference.model), step.candidate(step.reference.model) != nil {
            return .call(referenceVerdict(step))
        }
        let hasAnswered = rejected.contains { $0.model == step.reference.model }
        // Candidates predicted to be worse cannot improve on a reference that has answered.
        if hasAnswered, let best = bestAnswer { return best }
        var left = step.order.filter { !wasTried($0.model) }
        if left.isEmpty, bestAnswer == nil { left = step.others.filter { !wasTried($0.model) } }
        guard let best = left.max(by: { $0.isWorseReference(than: $1) }) else {
            return bestAnswer
                ?? .abandon(
                    reason: "no model is left for step \(step.position): "
                        + (rejected.map(\.model) + unavailable).map { "\($0) failed" }.joined(separator: ", "))
        }
        let why =
            unavailable.contains(step.reference.model) || hasAnswered
            ? "\(step.reference.model) \(hasAnswered ? "gave no usable answer" : "is down")"
            : "\(step.reference.model) does not fit the limits"
        findings.append(.referenceUnavailable(reason: why))
        let kind = rejected.isEmpty && unavailable.isEmpty ? "the best that fits the limits" : "the best that is left"
        return .call(.init(model: best.model, stage: .plan, reason: "\(best.model): \(kind); \(why)"))
    }

    /// The well-formed answer with the highest acceptance.
    private var bestAnswer: RuleAction? {
        let usable = rejected.filter { $0.fault == nil }
        guard let best = usable.max(by: { ($0.acceptance ?? 0) < ($1.acceptance ?? 0) }) else { return nil }
        return .keep(
            best.model,
            reason: "\(best.model)'s answer is kept as the best of \(usable.count): nobody better is left to ask")
    }

    private mutating func referenceVerdict(_ step: RuleStep) -> RuleAction.Verdict {
        let reference = step.reference
        let kappa = step.kappa.at(step.position)
        if let last = rejected.last {
            findings.append(.lastResort(reference.model))
            return .init(
                model: reference.model, stage: .reference,
                reason: "\(reference.model): the answer of \(last.model) did not pass, and no other candidate passed "
                    + "kappa \(Decimals.two(kappa)) at step \(step.position)")
        }
        if step.cheaper.isEmpty {
            findings.append(.referenceFirst(reference.model))
            return .init(
                model: reference.model, stage: .plan,
                reason: "\(reference.model) comes first in the plan: its predicted quality "
                    + "\(Decimals.two(reference.prediction.quality)) is the best, and by the policy's weights and "
                    + "limits no other model is better")
        }
        findings.append(.lastResort(reference.model))
        return .init(
            model: reference.model, stage: .reference,
            reason: "\(reference.model): no cheaper candidate passed kappa \(Decimals.two(kappa)) at step "
                + "\(step.position)" + nearest(step))
    }

    /// The candidate nearest to the reference; empty without estimates.
    private func nearest(_ step: RuleStep) -> String {
        var best: (index: Int, similarity: Double)?
        for index in step.cheaper.indices {
            let trained = step.order[index].similarity
            let known = predicted.isEmpty ? trained : predicted[step.order[index].model] ?? trained
            if let known, known.isFinite, known > best?.similarity ?? -.infinity { best = (index, known) }
        }
        guard let best else { return "" }
        return "; the nearest is \(step.order[best.index].model) with similarity \(Decimals.two(best.similarity))"
    }
}
