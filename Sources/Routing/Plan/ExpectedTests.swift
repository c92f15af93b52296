import Domain

/// The expected outcomes of the sequential rule's tests, so that a plan does not rely on candidates that the rule will
/// refuse.
///
/// Only a forecast: the rule makes its own tests, also of candidates that are not expected to pass.
struct ExpectedTests {
    private let kappa: Kappa
    private let requestThreshold: Double
    private let stages: Set<Stage>
    private let position: Int
    private let reference: ModelID
    private let committed: ModelID?
    private let span: Span?
    private let priced: PricedStep?

    init(
        at position: Int, reference: ModelID, state: RunState, context: RoutingContext, priced: PricedStep? = nil
    ) {
        self.priced = priced
        kappa = Kappa(context.policy.kappa, offset: context.kappaOffset)
        requestThreshold = context.policy.requestThreshold
        stages = context.policy.sequence.stages
        self.position = position
        self.reference = reference
        // A new request opens a new chain.
        committed = position > 1 ? state.committed : nil
        span = position > 1 ? state.span : nil
    }

    /// Whether the rule is expected to give a candidate the step that many steps ahead, judging by today's similarity.
    /// The reference always passes. Others pass if they were promised the step, if URC passes, or if their similarity
    /// is above the kappa of that position.
    func pass(_ candidate: Candidate, ahead steps: Int = 0) -> Bool {
        let model = candidate.model
        if model == reference || model == committed { return true }
        if let span, span.model == model, position + steps <= span.through { return true }
        if let priced { return priced.similarity(candidate) > priced.threshold(of: candidate) }
        if position == 1, stages.contains(.urc), let similarity = candidate.requestSimilarity,
            similarity > requestThreshold
        {
            return true
        }
        guard testsSteps, let similarity = candidate.similarity else { return false }
        return similarity > kappa.at(position + steps)
    }

    /// Whether steps have tests of their own. Without any stage there are none, and only the plan's kappa applies.
    private var testsSteps: Bool { stages.isEmpty || stages != [.urc] }

    /// Why no plan is possible over some candidates without the reference; nil if one is expected to pass at every
    /// step.
    func shortfall(of candidates: [Candidate], steps: Int) -> String? {
        for ahead in 0..<steps where !candidates.contains(where: { pass($0, ahead: ahead) }) {
            let position = position + ahead
            let nearest = candidates.filter { $0.similarity != nil }
                .max { ($0.similarity ?? 0, $1.model) < ($1.similarity ?? 0, $0.model) }
            return
                "the reference \(reference) does not fit what is left, and no other model is expected to pass kappa "
                + "\(Decimals.two(kappa.at(position))) at step \(position)"
                + (nearest.map { " (the nearest is \($0.model), similarity \(Decimals.two($0.similarity ?? 0)))" } ?? "")
        }
        return nil
    }
}
