/// The trained profile of whole agent runs on one suite of tasks.
///
/// It complements the panel of the same name, which predicts each model's success from the task alone.
package struct RunProfile: Sendable {
    package var name: String
    /// The models, in the panel's order.
    package var models: [String]
    /// The reference of evaluations: the most successful model on the training tasks.
    package var reference: Int
    /// The training tasks and their outcomes: for every model its success, then for every model whether its run ended
    /// at least as well as the reference's.
    var recall: TaskRecall
    /// Weights that combine the log-odds of panel and recall for success, then an offset per model.
    var startMix: [Float]
    /// One output: the probability that the run ends well. Inputs: `RunCounts`, the run's start, the model's mean.
    var progress: PanelProfile
    /// One output per model: the probability that its run ends at least as well as the reference's (HERA's URC).
    var similarity: PanelProfile
    /// Weights that combine the log-odds of `similarity`, of the predicted successes and of recall; then an offset.
    var similarityMix: [Float]
    /// The embedding space in which outputs are compared.
    package var embedder: StepEmbedder
    /// Predicts the direction of every model's outputs (HERA's SP).
    package var predictor: OutputPredictor
    /// Row m, column r: the log-odds that m's aligned output was similar to r's on training runs.
    package var usual: [Float]
    /// The weights of `PairReading.features` whose sum is the median of the cosine of two future outputs.
    package var cosine: [Double]
    /// Probabilities of the S-L distances 0, 1, 2 or more, and never (HERA's DP), from the state before the step.
    package var distance: PanelProfile?
    /// By model, then steps taken (up to `horizon`): the mean remaining cost of a run that goes on, in dollars.
    var remainingUSD: [Float]
    /// Probability that the failure of a run is recognised at its end, chosen on validation runs for restarts.
    package var detectionRate: Float = 0.7

    package init(
        name: String, models: [String], reference: Int, recall: TaskRecall, startMix: [Float], progress: PanelProfile,
        similarity: PanelProfile, similarityMix: [Float], embedder: StepEmbedder, predictor: OutputPredictor,
        usual: [Float], cosine: [Double], distance: PanelProfile? = nil, remainingUSD: [Float],
        detectionRate: Float = 0.7
    ) {
        self.name = name
        self.models = models
        self.reference = reference
        self.recall = recall
        self.startMix = startMix
        self.progress = progress
        self.similarity = similarity
        self.similarityMix = similarityMix
        self.embedder = embedder
        self.predictor = predictor
        self.usual = usual
        self.cosine = cosine
        self.distance = distance
        self.remainingUSD = remainingUSD
        self.detectionRate = detectionRate
    }

    /// Number of step counts that `remainingUSD` distinguishes.
    package static let horizon = 12

    /// The expected remaining cost of a run after some steps, in dollars.
    package func remainingUSD(model: Int, steps: Int) -> Double {
        Double(remainingUSD[model * Self.horizon + min(steps, Self.horizon - 1)])
    }

    /// The mean number of steps of a run, at least 1. `progress` was trained on all steps of the panel's runs.
    func meanSteps(_ panel: PanelProfile) -> Float {
        let runs = panel.counts.reduce(0, +)
        return runs > 0 ? max(1, Float(progress.counts.first ?? 0) / Float(runs)) : 1
    }

    package static func progressCounts(
        _ steps: [RunStep], isOver: Bool, model: Int, start: [Float], baseRates: [Float]
    ) -> [Float] {
        let mean = start.reduce(0, +) / Float(max(start.count, 1))
        return RunCounts.vector(of: steps, isOver: isOver) + [
            Float(logit(Double(start[model]))), Float(logit(Double(mean))), Float(logit(Double(baseRates[model]))),
        ]
    }
}

extension RunProfile {
    /// The version of the content, which distinguishes an older profile from a damaged one.
    private static let form = "runs 2"

    /// Encodes the profile as the content of a `runs` file.
    func encoded() -> [UInt8] {
        var writer = ByteWriter()
        writer.put(Self.form)
        writer.put(name)
        writer.put(models)
        writer.put(reference)
        recall.write(to: &writer)
        writer.put(startMix)
        writer.put(progress.encoded())
        writer.put(similarity.encoded())
        writer.put(similarityMix)
        embedder.write(to: &writer)
        predictor.write(to: &writer)
        writer.put(usual)
        writer.put(cosine)
        writer.put(distance?.encoded() ?? [])
        writer.put(remainingUSD)
        writer.put(detectionRate)
        return writer.bytes
    }

    init(_ reader: inout ByteReader) throws(ByteReader.Failure) {
        guard try reader.string() == Self.form else {
            throw ByteReader.Failure(
                reason: "it holds a profile of runs in a form of another version of hera; train it anew with hera train"
            )
        }
        name = try reader.string()
        models = try reader.strings()
        reference = try reader.integer()
        recall = try TaskRecall(&reader)
        startMix = try reader.array(Float.self)
        progress = try PanelProfile.nested(try reader.array(UInt8.self))
        similarity = try PanelProfile.nested(try reader.array(UInt8.self))
        similarityMix = try reader.array(Float.self)
        embedder = try StepEmbedder(&reader)
        predictor = try OutputPredictor(&reader)
        usual = try reader.array(Float.self)
        cosine = try reader.array(Double.self)
        let distances = try reader.array(UInt8.self)
        distance = distances.isEmpty ? nil : try PanelProfile.nested(distances)
        remainingUSD = try reader.array(Float.self)
        detectionRate = try reader.float()
        let isWhole =
            reference < models.count && similarity.models == models && progress.models.count == 1
            && progress.countFeatures == RunCounts.count + 3
            && similarity.countFeatures == SurfaceCounts.count + models.count
            && recall.base.count == 2 * models.count && startMix.count == 2 + models.count && similarityMix.count == 4
            && predictor.models == models.count && predictor.features == Self.stateFeatures
            && usual.count == models.count * models.count && cosine.count == PairReading.count
            && remainingUSD.count == models.count * Self.horizon
        let distanceFits =
            distance.map {
                $0.models.count == StepDistance.classes && $0.countFeatures == PairReading.distanceCount
            } ?? true
        guard isWhole, distanceFits else {
            throw ByteReader.Failure(reason: "the parts of a profile of runs do not fit together")
        }
    }

    /// Length of the vector of `state`.
    static let stateFeatures = 3 * StepEmbedder.dimensions + RunText.count + SurfaceCounts.count
}
