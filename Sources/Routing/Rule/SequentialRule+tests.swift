import Core

/// The paper's tests, none of which calls anybody: URC, SSE, SLE, CD.
extension SequentialRule {
    /// URC: the first candidate that is expected to end the whole request as well as the reference.
    mutating func requestLevel(_ step: RuleStep) -> RuleAction.Verdict? {
        for candidate in step.cheaper {
            guard let similarity = number(candidate.requestSimilarity, "urc", candidate.model) else { continue }
            guard compare(.urc, candidate.model, similarity, step.requestThreshold) else { continue }
            return .init(
                model: candidate.model, stage: .urc,
                reason: "whole request on \(candidate.model): predicted to end like \(step.reference.model) with "
                    + "probability \(Decimals.compared(similarity, ">", step.requestThreshold))")
        }
        return nil
    }

    /// SSE, SLE and CD of one candidate.
    mutating func test(_ candidate: Candidate, _ step: RuleStep) -> RuleAction.Verdict? {
        let stages = step.settings.stages
        if stages.contains(.sse), let verdict = similarity(of: candidate, step) { return verdict }
        if stages.contains(.sle), let verdict = lookAhead(candidate, step) { return verdict }
        if stages.contains(.cd), let verdict = consistency(of: candidate, step) { return verdict }
        return nil
    }

    /// SSE: cos(SP_m(x), SP_r(x)) > kappa_i.
    private mutating func similarity(of candidate: Candidate, _ step: RuleStep) -> RuleAction.Verdict? {
        let model = candidate.model
        guard let similarity = number(predicted[model] ?? candidate.similarity, "sse", model) else { return nil }
        let kappa = step.kappa.at(step.position)
        guard compare(.sse, model, similarity, kappa) else { return nil }
        return .init(
            model: model, stage: .sse,
            reason: "kept on \(model): predicted similarity "
                + Decimals.compared(similarity, "to \(step.reference.model) > kappa", kappa)
                + " at step \(step.position)")
    }

    /// SLE: d = DP(x, i), finite and above 0; cos(SP_m at i + d, SP_r at i) > kappa_i.
    private mutating func lookAhead(_ candidate: Candidate, _ step: RuleStep) -> RuleAction.Verdict? {
        let model = candidate.model
        guard let forecast = step.outlook.distance(model) else { return nil }
        guard forecast.isNumber else {
            findings.append(.noNumber("sle", model))
            return nil
        }
        guard let distance = forecast.likeliest else {
            findings.append(.neverCatchesUp(model, probability: forecast.never))
            return nil
        }
        // At distance 0 the test is that of SSE.
        guard distance > 0, let similarity = number(step.outlook.similarity(model, distance, 0), "sle", model) else {
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
    private mutating func consistency(of candidate: Candidate, _ step: RuleStep) -> RuleAction.Verdict? {
        let model = candidate.model
        var last: (ahead: Int, similarity: Double, kappa: Double)?
        for ahead in 0..<max(step.settings.lookAhead, 0) {
            let ahead = ahead + 1
            guard let similarity = number(step.outlook.similarity(model, ahead, ahead), "cd", model) else { break }
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

    /// The value where it is a number; what is none is said and taken as no estimate.
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

extension DistanceForecast {
    /// Whether every probability is one.
    var isNumber: Bool { [none, one, more, never].allSatisfy { $0.isFinite && $0 >= 0 } }
}
