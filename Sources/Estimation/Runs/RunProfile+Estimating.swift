#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

extension RunProfile {
    /// What a step says, as a direction: the latent part of its text, with the weights of the progress estimator.
    func embedding(of step: RunStep) -> [Float] {
        let scores = progress.table.scores(NGrams(of: [step.output]), progress.vocabulary)
        return Array(scores[progress.models.count...])
    }

    /// The probability that a run ends well, after the steps seen.
    func success(_ steps: [RunStep], isOver: Bool, model: Int, start: [Float], baseRates: [Float]) -> Double {
        if steps.isEmpty { return Double(start[model]) }
        let counts = Self.progressCounts(steps, isOver: isOver, model: model, start: start, baseRates: baseRates)
        return Double(progress.probabilities(progress.dense(NGrams(of: RunCounts.texts(of: steps)), counts))[0])
    }

    /// The counts of the distance estimator, for one step of the reference and one other model.
    static func distanceCounts(
        _ step: RunStep, position: Int, model: Int, reference: Int, start: [Float], baseRates: [Float]
    ) -> [Float] {
        [
            Float(position), log1p(Float(step.output.utf8.count)), Float(logit(Double(start[model]))),
            Float(logit(Double(start[reference]))), Float(logit(Double(baseRates[model]))), Float(model),
            step.kind == "propose" ? 1 : step.kind == "tool" ? 0 : -1,
        ]
    }

    /// The probabilities of the S-L distances 0, 1, 2 or more, and never; nil where none could be trained.
    func distances(_ step: RunStep, position: Int, model: Int, start: [Float], baseRates: [Float]) -> [Float]? {
        guard let distance else { return nil }
        let counts = Self.distanceCounts(
            step, position: position, model: model, reference: reference, start: start, baseRates: baseRates)
        return distance.probabilities(distance.dense(NGrams(of: [step.output]), counts))
    }

    /// Every model's probability that its run ends at least as well as the reference's.
    ///
    /// The mean, in log-odds, of the estimator trained on that very label and of what the predictions of success and the
    /// pair's coupling say.
    func similarities(_ features: StepFeatures, start: [Float], couplings: [Float]) -> [Float] {
        let counts = features.counts + start.map { Float(logit(Double($0))) }
        let trained = similarity.probabilities(similarity.dense(features.grams, counts))
        let r = start[reference]
        return trained.indices.map { model in
            if model == reference { return 1 }
            let coupling = couplings[model * models.count + reference]
            let lost = (1 - coupling) * r * (1 - start[model]) + coupling * max(0, r - start[model])
            return logistic(Float(logit(Double(trained[model])) + logit(Double(1 - lost))) / 2)
        }
    }
}
