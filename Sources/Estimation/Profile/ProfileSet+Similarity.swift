package import Domain

extension ProfileSet {
    /// The probability that `model`'s whole answer ends at least as good as `reference`'s: HERA's URC.
    ///
    /// P(not (reference good and model bad)), from both predictions and how strongly the two models' errors go
    /// together: P(reference good, model bad) = (1 - k) p_r (1 - p_m) + k max(0, p_r - p_m), where k, the pair's
    /// coupling, is 0 for independent and 1 for nested errors, and is fitted on training rows.
    /// - Returns: nil where one of them has no profile.
    package func requestSimilarity(_ features: StepFeatures, of model: ModelID, to reference: ModelID) -> Double? {
        let both = predictions(features, for: [model, reference])
        guard let p = both[0]?.quality, let r = both[1]?.quality else { return nil }
        return 1 - Coupling.lost(p, reference: r, coupling: coupling(of: model, to: reference, features))
    }

    /// How similar the two models' next outputs will be: HERA's SSE.
    /// - Returns: nil where one of them has no profile.
    package func stepSimilarity(_ features: StepFeatures, of model: ModelID, to reference: ModelID) -> Double? {
        requestSimilarity(features, of: model, to: reference)
    }

    func coupling(of model: ModelID, to reference: ModelID, _ features: StepFeatures) -> Double {
        var sum = 0.0
        var weight = 0.0
        for place in places(of: model) {
            for other in places(of: reference) where other.panel == place.panel {
                let share = Double(max(features.shares.step[place.panel], 1e-4))
                let panel = panels[place.panel]
                sum +=
                    share
                    * Double(
                        panel.couplings[
                            panel.measured(place.model).model * panel.models.count + panel.measured(other.model).model])
                weight += share
            }
        }
        return weight > 0 ? sum / weight : Double(Coupling.unknown)
    }
}
