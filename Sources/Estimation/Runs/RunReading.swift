/// One step of a run as read by its suite's profile before any call.
///
/// The state is read once, and every pair of models is compared from it.
package struct RunReading: Sendable {
    let profile: RunProfile
    /// By model: P(success) of a whole run from the task alone.
    package let start: [Float]
    let baseRates: [Float]
    let state: [Float]
    let history: [Float]
    /// By model: P(its run ends at least as well as the suite's reference's); nil after the start of the run.
    package let similarities: [Float]?
    private let couplings: [Float]
    private let cache = RunCache()

    /// - Parameters:
    ///   - start: P(success) by model, from the task alone.
    ///   - recalled: the recall's prediction for the task.
    ///   - text: the history of the run; empty at its start.
    init(
        _ profile: RunProfile, _ panel: PanelProfile, _ features: StepFeatures, start: [Float], recalled: [Float],
        history text: String
    ) {
        self.profile = profile
        self.start = start
        baseRates = panel.baseRates
        couplings = panel.couplings
        history = RunText.counts(of: text)
        state = profile.predictor.standardized(profile.state(features, history: text, counts: history))
        similarities =
            text.isEmpty
            ? profile.similarities(features, start: start, recalled: recalled, couplings: panel.couplings) : nil
    }

    /// P(the model's whole run ends at least as well as the other's); nil after the start of the run.
    ///
    /// The suite's estimator covers its own reference. Other references use both predictions of success.
    func similarity(ofRun model: Int, to reference: Int) -> Float? {
        guard let similarities else { return nil }
        if reference == profile.reference { return similarities[model] }
        return 1
            - Coupling.lost(
                start[model], reference: start[reference], coupling: couplings[model * start.count + reference])
    }

    /// The probability that the model's output some steps after its next one is similar to the reference's some steps
    /// after its next one: SSE, SLE and CD.
    ///
    /// For the reference's next step it is the probability that its distance is at most the model's look-ahead. For
    /// later steps it decreases with the predicted cosine.
    package func similarity(of model: Int, ahead: Int, to reference: Int, ahead others: Int) -> Double {
        // A similarity decision has no position, so a run in progress counts as at its third step.
        let position = history.first == 1 ? 1 : 3
        guard let shares = distances(of: model, to: reference, position: position) else {
            return cosine(of: model, ahead: ahead, to: reference, ahead: others)
        }
        let lead = max(0, ahead - others)
        let next = Double(shares[...min(lead, StepDistance.many)].reduce(0, +))
        if others == 0 { return next }
        let now = cosine(of: model, ahead: lead, to: reference, ahead: 0)
        let then = cosine(of: model, ahead: ahead, to: reference, ahead: others)
        return now > 1e-6 ? next * min(1, then / now) : 0
    }

    /// The median of the cosine of two future outputs.
    private func cosine(of model: Int, ahead: Int, to reference: Int, ahead others: Int) -> Double {
        let most = OutputPredictor.horizons - 1
        return profile.similarity(
            mean(model, ahead: min(ahead, most)), model, ahead: ahead, mean(reference, ahead: min(others, most)),
            reference, ahead: others)
    }

    /// The probabilities of the S-L distances 0, 1, 2 or more, and never, of the reference's next step.
    /// - Parameter text: the reference's next output where it is known; else its expectation is used.
    package func distances(of model: Int, to reference: Int, position: Int, text: String? = nil) -> [Float]? {
        guard let text else {
            let key = (model * start.count + reference) * 64 + min(position, 63)
            return cache.distances(key) { distances(model, reference, position, next: nil) }
        }
        return distances(model, reference, position, next: profile.embedder.direction(text))
    }

    private func distances(_ model: Int, _ reference: Int, _ position: Int, next: [Float]?) -> [Float]? {
        profile.distances(
            (0..<PairReading.horizons).map { mean(model, ahead: $0) }, (0..<2).map { mean(reference, ahead: $0) },
            text: next, history: history, position: position, model: model, reference: reference, start: start,
            baseRates: baseRates)
    }

    private func mean(_ model: Int, ahead: Int) -> ExpectedDirection {
        cache.direction(model * OutputPredictor.horizons + ahead) {
            profile.predictor.mean(state, model: model, ahead: ahead)
        }
    }
}

/// Features of a pair of models for the similarity and the distance of their outputs.
package enum PairReading {
    /// The features of the cosine of two outputs.
    ///
    /// - Parameters:
    ///   - ahead: the model's look-ahead; `others` is the reference's.
    ///   - usual: the log-odds that the two models' aligned outputs were similar on training runs.
    package static func features(
        _ model: ExpectedDirection, ahead: Int, _ reference: ExpectedDirection, ahead others: Int, usual: Float
    ) -> [Double] {
        let product = model.product(reference)
        let lengths = model.length * reference.length
        return [
            1, Double(product), Double(lengths > 1e-6 ? product / lengths : 0), Double(lengths), Double(usual),
            Double(min(others, 4)) / 4, Double(max(0, min(ahead, 4) - others)),
        ]
    }

    package static let count = 7

    /// Look-aheads of the model that distances use.
    static let horizons = 3

    /// The features of the distance estimator.
    /// - Parameters:
    ///   - model: the model's expected next outputs, `horizons` of them.
    ///   - reference: the reference's next output, known or expected; `after` is the expected one after it.
    ///   - known: position, usual similarity, predicted cosines, starts and base rates of both.
    static func distanceCounts(
        _ model: [ExpectedDirection], _ reference: ExpectedDirection, after: ExpectedDirection, isKnown: Bool,
        known: [Float], history: [Float]
    ) -> [Float] {
        known + [
            isKnown ? 1 : 0, model[0].product(reference), model[1].product(reference), model[2].product(reference),
            model[1].product(after), model[2].product(after), model[0].length, model[1].length, reference.length,
            after.length,
        ] + history + reference.numbers
    }

    static let knownCount = 8
    static let distanceCount = knownCount + 10 + RunText.count + StepEmbedder.dimensions
}
