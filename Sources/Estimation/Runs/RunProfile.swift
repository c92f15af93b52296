/// What was learned of whole agent runs on one suite of tasks, on top of the panel of the same name, which predicts each
/// model's success from the task alone.
struct RunProfile: Sendable {
    var name: String
    /// The models, in the panel's order.
    var models: [String]
    /// The model that the others are compared with in evaluations: the most successful on the training tasks.
    var reference: Int
    /// The training tasks, and what came of them: for every model its success, then for every model whether its run
    /// ended at least as well as the reference's.
    var recall: TaskRecall
    /// How the panel's and the recalled tasks' word on success are put together: the log-odds' weights, then an offset for
    /// every model.
    var startMix: [Float]
    /// One probability: that the run under way ends well. Counts: `RunCounts`, the run's start, the model's mean.
    var progress: PanelProfile
    /// One probability a model: that its run ends at least as well as the reference's (HERA's URC).
    var similarity: PanelProfile
    /// The log-odds' weights of that, of what the predictions of success say, and of the recalled tasks; then an offset.
    var similarityMix: [Float]
    /// The space in which outputs are compared.
    var embedder: StepEmbedder
    /// Where every model's outputs will go (HERA's SP).
    var predictor: OutputPredictor
    /// Row m, column r: how often m's aligned output was similar to r's on training runs, as log-odds.
    var usual: [Float]
    /// The weights of `PairReading.features` whose sum is the median of the cosine that two outputs will have.
    var cosine: [Double]
    /// Probabilities of the S-L distances 0, 1, 2 or more, and never (HERA's DP), from the state before the step.
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

    /// Steps of a run on average, at least 1: `progress` was trained on all steps of the runs that `panel` knows the ends of.
    func meanSteps(_ panel: PanelProfile) -> Float {
        let runs = panel.counts.reduce(0, +)
        return runs > 0 ? max(1, Float(progress.counts.first ?? 0) / Float(runs)) : 1
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
