import Domain

/// The paper's tests without model calls: URC, SSE, SLE, CD.
extension SequentialRule {
    /// URC: the first candidate that is expected to complete the whole request as well as the reference.
    mutating func requestLevel(_ step: RuleStep) -> RuleAction.Verdict? {
        let cheaper = step.cheaper.indices
        let others = step.requestCandidates.compactMap { model in step.order.firstIndex { $0.model == model } }
        for index in others + cheaper.filter({ !others.contains($0) }) {
            let model = step.order[index].model
            if step.priced != nil, step.order[index].requestSimilarity == nil { continue }
            guard let similarity = number(step.order[index].requestSimilarity, "urc", model) else { continue }
            let threshold = step.requestThreshold(model)
            guard compare(.urc, model, similarity, threshold) else { continue }
            return .init(
                model: model, stage: .urc,
                reason: "whole request on \(model): predicted to end like \(step.reference.model) with "
                    + "probability \(Decimals.compared(similarity, ">", threshold))")
        }
        return nil
    }

    /// SSE, SLE and CD of one candidate.
    ///
    /// - Parameters:
    ///   - similarity: the predicted similarity of its next output (SSE).
    ///   - stages: the stages that are on.
    mutating func test(
        _ model: ModelID, similarity: Double?, stages: FreeStages, _ step: RuleStep
    ) -> RuleAction.Verdict? {
        if stages.sse, let verdict = isSimilar(model, similarity, step) { return verdict }
        // SLE and CD compare embeddings of outputs, which have no price.
        if step.priced != nil { return nil }
        if stages.sle, let verdict = lookAhead(model, step) { return verdict }
        if stages.cd, let verdict = consistency(of: model, step) { return verdict }
        return nil
    }

    /// SSE: cos(SP_m(x), SP_r(x)) > kappa_i.
    private mutating func isSimilar(
        _ model: ModelID, _ trained: Double?, _ step: RuleStep
    ) -> RuleAction.Verdict? {
        let known = predicted.isEmpty ? trained : predicted[model] ?? trained
        guard let similarity = number(known, "sse", model) else { return nil }
        let kappa = step.threshold(model)
        guard compare(.sse, model, similarity, kappa) else { return nil }
        if step.priced != nil { return pricedVerdict(model, similarity, kappa, step) }
        return .init(
            model: model, stage: .sse,
            reason: "kept on \(model): predicted similarity "
                + Decimals.compared(similarity, "to \(step.reference.model) > kappa", kappa)
                + " at step \(step.position)")
    }

    /// The verdict for a candidate whose saving pays for its expected loss.
    private func pricedVerdict(
        _ model: ModelID, _ similarity: Double, _ kappa: Double, _ step: RuleStep
    ) -> RuleAction.Verdict {
        let quality = step.candidate(model)?.prediction.quality ?? 0
        let reference = step.reference
        return .init(
            model: model, stage: .sse,
            reason: "\(model): predicted quality \(Decimals.two(quality)) against \(reference.model)'s "
                + "\(Decimals.two(reference.prediction.quality)); its saving pays for the expected loss under max_loss "
                + "\(Decimals.short(step.priced?.maxLoss ?? 0)) (similarity "
                + Decimals.compared(similarity, "> kappa", kappa) + " at step \(step.position))")
    }

    /// SLE: d = DP(x, i), finite and above 0; cos(SP_m at i + d, SP_r at i) > kappa_i.
    private mutating func lookAhead(_ model: ModelID, _ step: RuleStep) -> RuleAction.Verdict? {
        guard let forecast = step.lookAheadEstimates.distance(model) else { return nil }
        guard forecast.isNumber else {
            findings.append(.noNumber("sle", model))
            return nil
        }
        guard let distance = forecast.likeliest else {
            findings.append(.neverCatchesUp(model, probability: forecast.never))
            return nil
        }
        // At distance 0 the test is that of SSE.
        guard distance > 0,
            let similarity = number(step.lookAheadEstimates.similarity(model, distance, 0), "sle", model)
        else {
            return nil
        }
        let kappa = step.kappa.at(step.position)
        guard compare(.sle, model, similarity, kappa, ahead: distance) else { return nil }
        let commits = step.settings.lookAheadCommits == .span
        let through = step.position + (commits ? distance : 0)
        commit(model, .sle, from: step.position, through: through)
        return .init(
            model: model, stage: .sle,
            reason: "kept on \(model): \(steps(distance)) further on its output is predicted to be like "
                + "\(step.reference.model)'s now, similarity \(Decimals.compared(similarity, "> kappa", kappa)) "
                + "at step \(step.position)" + (commits ? "; it keeps the run through step \(through)" : ""))
    }

    /// CD: both predictors rolled forward k = 1...L; the last k with cos(SP_m at i + k, SP_r at i + k) > kappa.
    private mutating func consistency(of model: ModelID, _ step: RuleStep) -> RuleAction.Verdict? {
        var last: (ahead: Int, similarity: Double, kappa: Double)?
        for ahead in 0..<max(step.settings.lookAhead, 0) {
            let ahead = ahead + 1
            guard let similarity = number(step.lookAheadEstimates.similarity(model, ahead, ahead), "cd", model) else {
                break
            }
            let kappa = step.kappa.at(step.position, ahead: ahead)
            if compare(.cd, model, similarity, kappa, ahead: ahead) { last = (ahead, similarity, kappa) }
        }
        guard let last else { return nil }
        let through = step.position + last.ahead
        commit(model, .cd, from: step.position, through: through)
        return .init(
            model: model, stage: .cd,
            reason: "kept on \(model) through step \(through): there it is predicted to agree with "
                + "\(step.reference.model), similarity "
                + Decimals.compared(last.similarity, "> kappa", last.kappa))
    }

    private mutating func commit(_ model: ModelID, _ stage: Stage, from: Int, through: Int) {
        guard through > from else { return }
        state.span = Span(model: model, stage: stage, from: from, through: through)
    }

    /// The value if it is a number. Otherwise records a finding and returns nil.
    mutating func number(_ value: Double?, _ test: String, _ model: ModelID) -> Double? {
        guard let value else { return nil }
        guard value.isFinite else {
            findings.append(.noNumber(test, model))
            return nil
        }
        return value
    }

    private mutating func compare(
        _ stage: Stage, _ model: ModelID, _ value: Double, _ threshold: Double, ahead: Int = 0
    ) -> Bool {
        let passes = value > threshold
        findings.append(.compared(stage, model, value, passes: passes, threshold: threshold, ahead: ahead))
        return passes
    }

    private func steps(_ count: Int) -> String { count == 1 ? "1 step" : "\(count) steps" }
}

/// Which of the tests without model calls are on.
struct FreeStages {
    let sse: Bool
    let sle: Bool
    let cd: Bool

    init(_ stages: Set<Stage>) {
        sse = stages.contains(.sse)
        sle = stages.contains(.sle)
        cd = stages.contains(.cd)
    }

    var isEmpty: Bool { !sse && !sle && !cd }
}

extension DistanceForecast {
    /// Whether every probability is finite and not negative.
    var isNumber: Bool { Self.isShare(none) && Self.isShare(one) && Self.isShare(more) && Self.isShare(never) }

    private static func isShare(_ value: Double) -> Bool { value.isFinite && value >= 0 }
}
