import Domain

/// SD: decomposes a step into parts.
extension SequentialRule {
    /// Asks for the parts, if the policy names a decomposer and a cheaper candidate exists to do them.
    mutating func decompose(_ step: RuleStep) -> RuleAction? {
        let rule = step.settings.decomposition
        guard step.settings.stages.contains(.sd), rule.mode != .off, let decomposer = rule.decomposer,
            !step.cheaper.isEmpty
        else { return nil }
        wasDecomposed = true
        let model: ModelID
        switch decomposer {
        case .model(let named): model = named
        case .cheapest:
            guard let cheapest = step.order.min(by: { ($0.cost.total, $0.model) < ($1.cost.total, $1.model) }) else {
                return nil
            }
            model = cheapest.model
        }
        return .decompose(
            by: model,
            reason:
                "\(model) is asked for the parts of step \(step.position): no cheaper candidate passed for the whole")
    }

    /// Tests each part like a step of its own (SSE on the part's text).
    mutating func split(_ step: RuleStep, into parts: [RuleEvent.Part]) -> RuleAction {
        if let fault = Self.fault(of: parts, rule: step.settings.decomposition) {
            findings.append(.undivided(reason: fault))
            return lastResort(step)
        }
        let shares =
            step.settings.decomposition.mode == .allOrNothing
            ? splitOntoOneModel(step, parts) : splitPartially(step, parts)
        guard let shares else {
            findings.append(.undivided(reason: "no part passed on a cheaper model"))
            return lastResort(step)
        }
        let cheaper = shares.count { $0.model != step.reference.model }
        return .split(
            shares,
            reason: "in \(shares.count) parts, \(cheaper) of them kept on cheaper models than \(step.reference.model)")
    }

    /// Why a list of parts is unusable; nil if it is usable.
    static func fault(of parts: [RuleEvent.Part], rule: DecompositionRule) -> String? {
        if parts.isEmpty { return "the decomposer gave no list of parts" }
        if parts.count == 1 { return "the decomposer gave one part only" }
        if parts.count > rule.mostParts {
            return "the decomposer gave \(parts.count) parts, more than the \(rule.mostParts) allowed"
        }
        var seen: Set<String> = []
        for part in parts {
            let text = part.text.lowercased().split(whereSeparator: \.isWhitespace).joined(separator: " ")
            if text.isEmpty { return "the decomposer gave an empty part" }
            if !seen.insert(text).inserted { return "the decomposer gave the same part twice" }
        }
        return nil
    }

    /// Partial decomposition; nil if every part would go to the reference.
    private mutating func splitPartially(_ step: RuleStep, _ parts: [RuleEvent.Part]) -> [RuleAction.Share]? {
        var shares: [RuleAction.Share] = []
        for (index, part) in parts.enumerated() {
            let kappa = partKappa(step, index)
            var share = RuleAction.Share(
                text: part.text, model: step.reference.model,
                reason:
                    "\(step.reference.model): no cheaper candidate passed kappa \(Decimals.two(kappa)) for this part")
            for candidate in step.cheaper {
                guard let similarity = passes(part, index, candidate.model, kappa, step) else { continue }
                share.model = candidate.model
                share.reason =
                    "kept on \(candidate.model): predicted similarity \(Decimals.two(similarity)) to "
                    + "\(step.reference.model) > kappa \(Decimals.two(kappa)) for this part"
                break
            }
            shares.append(share)
        }
        return shares.contains { $0.model != step.reference.model } ? shares : nil
    }

    /// The paper's rule: one cheaper model passes for every part, or none gets any.
    private mutating func splitOntoOneModel(_ step: RuleStep, _ parts: [RuleEvent.Part]) -> [RuleAction.Share]? {
        for candidate in step.cheaper {
            var shares: [RuleAction.Share] = []
            for (index, part) in parts.enumerated() {
                let kappa = partKappa(step, index)
                guard let similarity = passes(part, index, candidate.model, kappa, step) else { break }
                shares.append(
                    .init(
                        text: part.text, model: candidate.model,
                        reason: "kept on \(candidate.model) with all other parts: predicted similarity "
                            + "\(Decimals.two(similarity)) > kappa \(Decimals.two(kappa))"))
            }
            if shares.count == parts.count { return shares }
        }
        return nil
    }

    private func partKappa(_ step: RuleStep, _ index: Int) -> Double {
        switch step.settings.decomposition.kappa {
        case .step: step.kappa.at(step.position)
        case .position: step.kappa.at(step.position + index)
        case .fixed(let value): value
        }
    }

    /// The similarity of a model for a part, if it passes.
    private mutating func passes(
        _ part: RuleEvent.Part, _ index: Int, _ model: ModelID, _ line: Double, _ step: RuleStep
    ) -> Double? {
        guard let similarity = number(part.similarity[model], "sd", model) else { return nil }
        let kappa = max(line, step.priced?.threshold(model) ?? 0)
        let passes = similarity > kappa
        findings.append(
            .comparedPart(part: index + 1, model, similarity, passes: passes, threshold: kappa))
        return passes ? similarity : nil
    }
}
