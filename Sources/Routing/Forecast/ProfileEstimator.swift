package import Core
package import Estimation

/// Estimates by trained profiles; models without one get their tier's prior.
package struct ProfileEstimator: Estimating {
    private let profiles: ProfileSet

    package init(_ profiles: ProfileSet) {
        self.profiles = profiles
    }

    package func estimates(of text: StepText, for models: [Model]) -> any StepEstimates {
        let features = profiles.features(of: text)
        let names = models.compactMap(\.profile)
        let predictions = profiles.predictions(features, for: names)
        var known: [ModelID: Prediction] = [:]
        for (name, prediction) in zip(names, predictions) { known[name] = prediction }
        return ProfileEstimates(profiles: profiles, features: features, known: known)
    }
}

/// See `ProfileEstimator`.
struct ProfileEstimates: StepEstimates {
    let profiles: ProfileSet
    let features: StepFeatures
    /// Predictions by profile name.
    let known: [ModelID: Prediction]

    func prediction(for model: Model) -> Prediction {
        guard let name = model.profile, var prediction = known[name] else {
            return TierPrior.prediction(of: model.tier)
        }
        prediction.speed = profiles.speed(of: name)
        return prediction
    }

    func stepSimilarity(of model: Model, to reference: Model) -> Double {
        trained(model, reference, profiles.stepSimilarity) ?? expected(model, reference)
    }

    func requestSimilarity(of model: Model, to reference: Model) -> Double {
        trained(model, reference, profiles.requestSimilarity) ?? expected(model, reference)
    }

    private func trained(
        _ model: Model, _ reference: Model, _ similarity: (StepFeatures, ModelID, ModelID) -> Double?
    ) -> Double? {
        guard let name = model.profile, let other = reference.profile else { return nil }
        return similarity(features, name, other)
    }

    private func expected(_ model: Model, _ reference: Model) -> Double {
        Similarity.expected(prediction(for: model).quality, reference: prediction(for: reference).quality)
    }
}
