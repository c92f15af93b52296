package import Domain

/// One step as read by all profiles before any call: the text is read once and serves every estimate.
///
/// An estimate is nil where no profile covers the step, or where the result is not a number. It is large and does not
/// change, so its holders share it.
package final class StepReading: Sendable {
    private let set: ProfileSet
    private let text: StepText
    private let features: StepFeatures
    private let predictions: [ModelID: Prediction]
    /// By model: this request's expected cost over a usual one's.
    private let sizes: [ModelID: Double]
    /// By model, the name of its profile where it differs.
    private let profileNames: [ModelID: ModelID]
    /// Whether panels of answers cover the step.
    private let isAnswered: Bool
    /// The suite of runs that the step resembles, and its reading.
    private let run: (panel: Int, reading: RunReading)?
    /// The panel of the verifier for such texts, its dense vector and its predictions.
    private let verifier: (panel: Int, dense: [Float], predicted: [Float])?

    /// The least share of a text, among panels of its kind, for a run profile or a verifier to apply.
    ///
    /// At a half, the text resembles the panel's own queries more than all others together.
    static let homeShare: Float = 0.5

    /// The least share of a text for a panel's verifier to judge its answers.
    static let judgeShare: Float = 0.3

    /// - Parameter models: models with profiles, or standings, or both.
    init(_ set: ProfileSet, _ text: StepText, models: [PredictedModel]) {
        self.set = set
        self.text = text
        features = set.features(of: text)
        var words = Reading(set, features)
        var predictions: [ModelID: Prediction] = [:]
        var profileNames: [ModelID: ModelID] = [:]
        var sizes: [ModelID: Double] = [:]
        for model in models where predictions[model.id] == nil {
            let sources = words.sources(of: model)
            if !set.dial.kinds.isEmpty { sizes[model.id] = words.relativeSize(sources) }
            guard let prediction = words.prediction(of: model, sources) else { continue }
            if let name = model.profile, name != model.id { profileNames[model.id] = name }
            if prediction.quality.isFinite, prediction.deviation.isFinite, prediction.outputTokens.mean.isFinite,
                prediction.outputTokens.p95.isFinite
            {
                predictions[model.id] = prediction
            }
        }
        self.predictions = predictions
        self.sizes = sizes
        self.profileNames = profileNames
        let shares = features.shares
        isAnswered = shares.answers >= StepReading.homeShare
        run = StepReading.home(shares.run).flatMap { panel in
            set.runs[panel].map { (panel, words.run(panel, $0, history: text.history)) }
        }
        verifier = shares.step.indices.filter { set.answers[$0] != nil && shares.step[$0] >= StepReading.judgeShare }
            .max { shares.step[$0] < shares.step[$1] }
            .map { ($0, words.dense($0), words.probabilities($0)) }
    }

    /// Why no judge reads answers to such texts, although there is one; nil for no reason.
    package var judgeFault: String? {
        let shares = features.shares.step
        let panel = shares.indices.filter { shares[$0] >= StepReading.judgeShare }.max { shares[$0] < shares[$1] }
        guard let panel, set.answers[panel] == nil, set.unfitJudges.contains(set.panels[panel].name) else { return nil }
        return "the judge of \(set.panels[panel].name) is of another version of hera or of its panel, and is not asked"
    }

    private static func home(_ shares: [Float]) -> Int? { shares.firstIndex { $0 >= homeShare } }

    /// The share of each kind of task in the text; they sum to 1.
    package var kinds: [Benchmark.Kind: Double] {
        TextKinds.shares(features.shares.step, panels: set.panels.map(\.name), text: text)
    }

    /// The recorded or probed speed of a model; nil where neither exists.
    package func speed(of model: ModelID) -> AnswerSpeed? { set.speed(of: model) }

    /// The prediction for a model on the step.
    package func prediction(of model: ModelID) -> Prediction? { predictions[model] }

    /// Whether there is a prediction for a model on the step.
    package func predicts(_ model: ModelID) -> Bool { predictions.index(forKey: model) != nil }

    /// The probability that the model's output some steps after its next one is similar to the reference's some steps
    /// after its next one (HERA's SSE for 0 and 0, SLE and CD beyond).
    /// - Returns: nil where no suite of runs has both models and resembles the text.
    package func outputSimilarity(
        of model: ModelID, ahead: Int, to reference: ModelID, ahead others: Int
    ) -> Double? {
        guard let run, let m = place(model, run.panel), let r = place(reference, run.panel), ahead >= 0, others >= 0
        else { return nil }
        if m == r, ahead == others { return 1 }
        let value = run.reading.similarity(of: m, ahead: ahead, to: r, ahead: others)
        return value.isFinite ? value : nil
    }

    /// The S-L distance of the reference's next step for the model (HERA's DP).
    package func distance(of model: ModelID, to reference: ModelID, position: Int) -> DistanceForecast? {
        guard let run, let m = place(model, run.panel), let r = place(reference, run.panel), m != r,
            let shares = run.reading.distances(of: m, to: r, position: position), shares.allSatisfy(\.isFinite)
        else { return nil }
        return DistanceForecast(
            none: Double(shares[0]), one: Double(shares[1]), more: Double(shares[2]), never: Double(shares[3]))
    }

    /// The similarity of the two models' next outputs, else the probability that nothing is lost.
    ///
    /// Panels of answers give the loss directly, because an answer may be as good without being similar.
    package func stepSimilarity(of model: ModelID, to reference: ModelID) -> Double? {
        if isAnswered, let value = unlost(model, reference) { return value }
        return outputSimilarity(of: model, ahead: 0, to: reference, ahead: 0) ?? unlost(model, reference)
    }

    /// The probability that the model alone ends the whole request at least as well as the reference (HERA's URC).
    ///
    /// It comes from the suite of runs at the start of a run, else from the probability that nothing is lost.
    package func requestSimilarity(of model: ModelID, to reference: ModelID) -> Double? {
        runSimilarity(of: model, to: reference) ?? unlost(model, reference)
    }

    /// The same probability from a suite of runs alone; nil where none resembles the text or the run has begun.
    package func runSimilarity(of model: ModelID, to reference: ModelID) -> Double? {
        guard let run, text.history.isEmpty, let m = place(model, run.panel), let r = place(reference, run.panel),
            let value = run.reading.similarity(ofRun: m, to: r), value.isFinite
        else { return nil }
        return Double(value)
    }

    /// The price of lost quality that keeps a loss on such texts.
    ///
    /// - Parameter isTested: whether a judge tests the answers.
    package func lossPrice(keeping maxLoss: Double, isTested: Bool) -> LossPrice {
        set.lossPrice(features, keeping: maxLoss, isTested: isTested)
    }

    /// Whether a judge covers the text and was trained on the answers of all these models.
    ///
    /// The words of a model that it never read tell a judge next to nothing.
    package func judges(_ models: [ModelID]) -> Bool {
        guard let verifier else { return false }
        return models.allSatisfy { place($0, verifier.panel) != nil }
    }

    /// This request's expected cost over a usual one's of its kind; 1 where unknown.
    package func relativeSize(of model: ModelID) -> Double { sizes[model] ?? 1 }

    /// The coupling of the errors of two models on such texts.
    package func coupling(of model: ModelID, to reference: ModelID) -> Double {
        set.coupling(of: profile(model), to: profile(reference), features)
    }

    /// Probability that the judge of such texts recognises a wrong answer.
    package var detectionRate: Double {
        verifier.flatMap { set.answers[$0.panel] }.map { Double($0.detectionRate) } ?? 0.7
    }

    /// The probabilities that each model's answer is right, or would be, given the paid answers.
    ///
    /// - Parameter models: the models with their predicted qualities.
    /// - Returns: nil where no judge covers the text and all the models.
    package func correctness(
        of models: [(model: ModelID, quality: Double)], given answers: [(model: ModelID, output: String)]
    ) -> [Double]? {
        guard let verifier, let profile = set.answers[verifier.panel], judges(models.map(\.model)) else { return nil }
        let panel = set.panels[verifier.panel]
        let columns = models.map { place($0.model, verifier.panel) }
        let grounding = Grounding(of: text)
        var given = [AnswerState.Answer?](repeating: nil, count: models.count)
        var isBroken = [Bool](repeating: false, count: models.count)
        for answer in answers {
            guard let index = models.firstIndex(where: { $0.model == answer.model }) else { continue }
            given[index] = AnswerState.Answer(answer.output, tools: text.tools, grounding: grounding)
            isBroken[index] = CallCheck.problem(in: answer.output, tools: text.tools) != nil
        }
        let state = AnswerState(
            predicted: models.map { Float($0.quality) },
            baseRates: zip(models, columns).map { model, column in
                column.map { panel.baseRates[$0] } ?? Float(model.quality)
            },
            question: AnswerState.question(
                verifier.dense, panel, honest: Array(verifier.predicted[..<panel.models.count])),
            answers: given)
        let values = profile.verify(state)
        guard values.allSatisfy(\.isFinite) else { return nil }
        return values.indices.map { isBroken[$0] ? 0 : values[$0] }
    }

    /// The probability that the last of the paid answers is acceptable (`verify_m`).
    /// - Returns: nil where no verifier covers the text.
    package func acceptance(of answers: [(model: ModelID, output: String)]) -> Double? {
        guard let verifier, let profile = set.answers[verifier.panel], let last = answers.last else { return nil }
        let panel = set.panels[verifier.panel]
        let count = panel.models.count
        var state = AnswerState(
            predicted: Array(verifier.predicted[..<count]), baseRates: panel.baseRates,
            question: AnswerState.question(verifier.dense, panel, honest: Array(verifier.predicted[..<count])),
            answers: panel.models.map { _ in nil })
        let grounding = Grounding(of: text)
        var place = 0
        for answer in answers {
            if let known = self.place(answer.model, verifier.panel) {
                place = known
            } else {
                // For a model unknown to the verifier, its prediction also stands in for its mean.
                let quality = Float(predictions[answer.model]?.quality ?? 0.5)
                place = state.answers.count
                state.predicted.append(quality)
                state.baseRates.append(quality)
                state.answers.append(nil)
            }
            state.answers[place] = AnswerState.Answer(answer.output, tools: text.tools, grounding: grounding)
        }
        if CallCheck.problem(in: last.output, tools: text.tools) != nil { return 0 }
        let value = profile.verify(state, place)
        return value.isFinite ? value : nil
    }

    /// P(not (reference good and model bad)), from both predictions and the pair's coupling.
    private func unlost(_ model: ModelID, _ reference: ModelID) -> Double? {
        guard let p = predictions[model]?.quality, let r = predictions[reference]?.quality else { return nil }
        let value =
            1
            - Coupling.lost(
                p, reference: r, coupling: set.coupling(of: profile(model), to: profile(reference), features))
        return value.isFinite ? value : nil
    }

    private func profile(_ model: ModelID) -> ModelID { profileNames[model] ?? model }

    /// The column of a measured model in a panel.
    private func place(_ model: ModelID, _ panel: Int) -> Int? {
        set.places(of: profile(model)).first { $0.panel == panel && $0.model < set.panels[panel].models.count }?.model
    }
}

extension ProfileSet {
    /// Reads a step once, for all estimates.
    /// - Parameter models: names of the profiles to predict for.
    package func read(_ text: StepText, models: [ModelID]) -> StepReading {
        StepReading(self, text, models: models.map { PredictedModel(profile: $0) })
    }

    /// Reads a step once, for models known from profiles or published scores.
    package func read(_ text: StepText, of models: [PredictedModel]) -> StepReading {
        StepReading(self, text, models: models)
    }
}

/// Features of a step's text, computed once for all models.
package struct StepFeatures: Sendable {
    package let grams: NGrams
    package let counts: [Float]
    /// How well the offered tools fit the prompt.
    let fit: [Float]
    let recollection: StoredQuestion
    /// The share of each panel in the text.
    package let shares: PanelShares
    /// By panel: the panels whose memory it may read.
    let readable: [[Bool]]
    /// Whether the text is one step of an agent's run.
    var isStepOfRun = false

    package init(
        grams: NGrams, counts: [Float], fit: [Float], recollection: StoredQuestion, shares: PanelShares,
        readable: [[Bool]]
    ) {
        self.grams = grams
        self.counts = counts
        self.fit = fit
        self.recollection = recollection
        self.shares = shares
        self.readable = readable
    }

    /// The input counts of a panel: of the text, of the questions that other panels store, and of the tools' fit.
    ///
    /// A panel trained before the last of these existed reads a prefix.
    package func counts(forPanel panel: Int) -> [Float] {
        counts + recollection.counts(readable: readable[panel]) + fit
    }
}
