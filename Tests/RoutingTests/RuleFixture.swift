import Domain
import Routing

/// Candidates and steps for tests of the rule, without a router.
enum RuleFixture {
    static func candidate(
        _ id: String, quality: Double = 0.5, similarity: Double? = nil, request: Double? = nil, nanoUSD: Int64 = 0
    ) -> Candidate {
        Candidate(
            model: ModelID(id), placement: .cloud,
            prediction: Prediction(
                quality: quality, deviation: 0, outputTokens: OutputTokens(mean: 1, p95: 1), basis: .prior(.medium)),
            similarity: similarity, requestSimilarity: request,
            cost: CallCost(api: Money(nanoUSD: nanoUSD), energy: .zero, hardware: .zero), worstCaseCost: .zero,
            latencySeconds: 0, energyJoules: 0)
    }

    /// A step whose reference is called `reference` and comes last in the plan.
    static func step(
        _ candidates: [Candidate], position: Int = 1, settings: SequenceRule = .standard,
        verification: Verification = Verification(), lookAheadEstimates: LookAheadEstimates = LookAheadEstimates(),
        history: StepHistory = StepHistory(),
        kappa: Kappa = Kappa(.published)
    ) -> RuleStep {
        let reference = candidate("reference", quality: 0.9, nanoUSD: 1000)
        return RuleStep(
            position: position, order: candidates + [reference], reference: reference, kappa: kappa,
            settings: settings, verification: verification, lookAheadEstimates: lookAheadEstimates, history: history)
    }

    static func history(_ messages: String...) -> StepHistory { StepHistory(messages.map { Array($0.utf8) }) }
}

extension RuleAction {
    /// The model and stage of a call.
    var called: Verdict? { if case .call(let verdict) = self { verdict } else { nil } }
    var model: ModelID? {
        switch self {
        case .call(let verdict): verdict.model
        case .keep(let model, _): model
        default: nil
        }
    }
}

extension SequentialRule {
    /// The findings with their numbers rounded to four decimals, to compare them with literals.
    var rounded: [Finding] { findings.map(\.rounded) }
}

extension Finding {
    var rounded: Finding {
        func round(_ value: Double) -> Double { (value * 1e4).rounded() / 1e4 }
        return switch self {
        case .compared(let stage, let model, let value, let passes, let threshold, let ahead):
            .compared(stage, model, round(value), passes: passes, threshold: round(threshold), ahead: ahead)
        case .comparedPart(let part, let model, let value, let passes, let threshold):
            .comparedPart(part: part, model, round(value), passes: passes, threshold: round(threshold))
        case .verified(let model, let value, let passes, let threshold):
            .verified(model, round(value), passes: passes, threshold: round(threshold))
        case .neverCatchesUp(let model, let probability): .neverCatchesUp(model, probability: round(probability))
        default: self
        }
    }
}
