extension RunProfile {
    /// Every model's P(success) from the task alone.
    /// - Parameters:
    ///   - panel: the panel's prediction.
    ///   - recalled: the prediction of `recall`.
    func start(_ panel: [Float], recalled: [Float]) -> [Float] {
        models.indices.map { model in
            logistic(
                startMix[0] * Self.odds(panel[model]) + startMix[1] * Self.odds(recalled[model]) + startMix[2 + model])
        }
    }

    /// The log-odds of an estimate that may lie outside 0...1.
    package static func odds(_ value: Float) -> Float { Float(logit(Double(min(max(value, 0.02), 0.98)))) }

    /// The probability that a run ends well, given its steps so far.
    package func success(_ steps: [RunStep], isOver: Bool, model: Int, start: [Float], baseRates: [Float]) -> Double {
        if steps.isEmpty { return Double(start[model]) }
        let counts = Self.progressCounts(steps, isOver: isOver, model: model, start: start, baseRates: baseRates)
        return Double(progress.probabilities(progress.dense(NGrams(of: RunCounts.texts(of: steps)), counts))[0])
    }

    /// Every model's probability that its run ends at least as well as the reference's.
    func similarities(_ features: StepFeatures, start: [Float], recalled: [Float], couplings: [Float]) -> [Float] {
        let counts = features.counts + start.map { Float(logit(Double($0))) }
        let trained = similarity.probabilities(similarity.dense(features.grams, counts))
        return models.indices.map { model in
            if model == reference { return 1 }
            let odds = Self.similarityOdds(
                trained: trained[model], start: start, model: model, reference: reference, couplings: couplings,
                recalled: recalled[models.count + model])
            return logistic(zip(odds, similarityMix).reduce(similarityMix[odds.count]) { $0 + $1.0 * $1.1 })
        }
    }

    /// The three components of `similarities`, as log-odds.
    package static func similarityOdds(
        trained: Float, start: [Float], model: Int, reference: Int, couplings: [Float], recalled: Float
    ) -> [Float] {
        let lost = Coupling.lost(
            start[model], reference: start[reference], coupling: couplings[model * start.count + reference])
        return [odds(trained), odds(1 - lost), odds(recalled)]
    }

    /// The input of the output predictor: the task, the last output, and the features of the history.
    package func state(_ features: StepFeatures, history: String, counts: [Float]) -> [Float] {
        embedder.direction(features.grams) + embedder.direction(RunText.end(of: history, bytes: RunText.recent))
            + embedder.direction(RunText.end(of: history, bytes: RunText.most)) + counts + features.counts
    }

    /// The median of the cosine of two future outputs, from their expected directions; at least 0.
    func similarity(
        _ a: ExpectedDirection, _ model: Int, ahead: Int, _ b: ExpectedDirection, _ reference: Int, ahead others: Int
    ) -> Double {
        let features = PairReading.features(
            a, ahead: ahead, b, ahead: others, usual: usual[model * models.count + reference])
        return min(max(zip(features, cosine).reduce(0) { $0 + $1.0 * $1.1 }, 0), 1)
    }

    /// The input of the distance estimator, from the state before the reference's step.
    /// - Parameters:
    ///   - means: the expected next outputs of both.
    ///   - text: the direction of the reference's step where its text is known.
    package func distanceCounts(
        _ means: (model: [ExpectedDirection], reference: [ExpectedDirection]), text: [Float]?, history: [Float],
        position: Int, model: Int, reference: Int, start: [Float], baseRates: [Float]
    ) -> [Float] {
        let next = text.map { ExpectedDirection($0) } ?? means.reference[0]
        let at = { (ahead: Int) in
            Float(self.similarity(means.model[ahead], model, ahead: ahead, next, reference, ahead: 0))
        }
        return PairReading.distanceCounts(
            means.model, next, after: means.reference[1], isKnown: text != nil,
            known: [
                Float(position), usual[model * models.count + reference], at(0), at(1),
                Float(logit(Double(start[model]))), Float(logit(Double(start[reference]))),
                Float(logit(Double(baseRates[model]))), Float(logit(Double(baseRates[reference]))),
            ], history: history)
    }

    /// The probabilities of the S-L distances 0, 1, 2 or more, and never, which sum to 1; nil without a trained
    /// estimator.
    /// - Parameters:
    ///   - means: the expected outputs of the model, `PairReading.horizons` of them.
    ///   - others: the next two of the reference.
    func distances(
        _ means: [ExpectedDirection], _ others: [ExpectedDirection], text: [Float]?, history: [Float], position: Int,
        model: Int, reference: Int,
        start: [Float], baseRates: [Float]
    ) -> [Float]? {
        guard let distance else { return nil }
        let counts = distanceCounts(
            (means, others), text: text, history: history, position: position, model: model, reference: reference,
            start: start, baseRates: baseRates)
        let shares = distance.probabilities(distance.dense(.none, counts))
        let sum = shares.reduce(0, +)
        return shares.map { $0 / sum }
    }
}
