/// What was learned of whole agent runs on one suite of tasks, on top of the panel of the same name, which predicts each
/// model's success from the task alone.
struct RunProfile: Sendable {
    var name: String
    /// The models, in the panel's order.
    var models: [String]
    /// The model that the others are compared with: the most successful on the training tasks.
    var reference: Int
    /// One probability: that the run under way ends well. Counts: `RunCounts`, the run's start, the model's mean.
    var progress: PanelProfile
    /// One probability a model: that its run ends at least as well as the reference's (HERA's URC).
    var similarity: PanelProfile
    /// Probabilities of the S-L distances 0, 1, 2 or more, and never (HERA's DP), of a step of the reference.
    var distance: PanelProfile?
    /// By model, then steps taken (up to `horizon`): the mean cost of the rest of a run that goes on, in dollars.
    var remainingUSD: [Float]
    /// How often the end of a failed run is recognised as one; chosen on validation runs for restarts.
    var sight: Float = 0.7

    /// Steps that `remainingUSD` tells apart.
    static let horizon = 12

    /// The expected cost of the rest of a run after some steps.
    func remainingUSD(model: Int, steps: Int) -> Double {
        Double(remainingUSD[model * Self.horizon + min(steps, Self.horizon - 1)])
    }

    /// The counts of the progress estimator.
    /// - Parameter start: every model's probability from the task alone.
    func progressCounts(_ steps: [RunStep], isOver: Bool, model: Int, start: [Float], baseRates: [Float]) -> [Float] {
        Self.progressCounts(steps, isOver: isOver, model: model, start: start, baseRates: baseRates)
    }

    static func progressCounts(
        _ steps: [RunStep], isOver: Bool, model: Int, start: [Float], baseRates: [Float]
    ) -> [Float] {
        let mean = start.reduce(0, +) / Float(max(start.count, 1))
        return RunCounts.vector(of: steps, isOver: isOver) + [
            Float(logit(Double(start[model]))), Float(logit(Double(mean))), Float(logit(Double(baseRates[model]))),
        ]
    }
}
