import Domain

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

extension Reading {
    /// With a smaller total share than this, the rest of the text counts as of usual size.
    private static let leastWeight = 0.5

    /// The predicted cost of a call over the usual one of its kind, at the prices of the training data.
    ///
    /// It comes from the model's own panels, else from the mean over the models of the panels that the text is like.
    /// - Returns: nil where no panel with known costs is like the text.
    mutating func relativeSize(of model: PredictedModel) -> Double? {
        let sources = model.profile.map { set.sources(of: $0, features) } ?? []
        var logarithm = 0.0
        var weight = 0.0
        for source in sources {
            let measured = set.panels[source.place.panel].measured(source.place.model).model
            guard let ratio = ratio(of: measured, in: source.place.panel) else { continue }
            logarithm += Double(source.share) * log(ratio)
            weight += Double(source.share)
        }
        if sources.isEmpty {
            for panel in set.panels.indices where !set.isOfRuns[panel] {
                let share = Double(features.shares.step[panel])
                guard share >= 0.05 else { continue }
                let ratios = set.panels[panel].models.indices.compactMap { ratio(of: $0, in: panel) }
                guard !ratios.isEmpty else { continue }
                logarithm += share * ratios.reduce(0) { $0 + log($1) } / Double(ratios.count)
                weight += share
            }
        }
        return weight > 0 ? exp(logarithm / max(weight, Self.leastWeight)) : nil
    }

    /// A measured model's predicted cost over its usual one; nil where either is unknown.
    private mutating func ratio(of model: Int, in place: Int) -> Double? {
        let panel = set.panels[place]
        guard panel.costUSD.isKnown(model), let kind = set.dial.kind(panel.name),
            let usual = kind.models.firstIndex(of: panel.models[model]), kind.usualUSD[usual] > 0
        else { return nil }
        let predicted = panel.costUSD.mean(dollarEstimates(place), model)
        return predicted > 0 && predicted.isFinite ? predicted / Double(kind.usualUSD[usual]) : nil
    }
}
