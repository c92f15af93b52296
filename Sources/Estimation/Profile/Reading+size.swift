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
    /// It comes from the panels with answers of the model, else from the mean over the models of the panels that the
    /// text is like.
    /// - Returns: nil where no panel with known costs is like the text.
    mutating func relativeSize(_ sources: [ProfileSet.Source]) -> Double? {
        if sources.isEmpty {
            if let found = unmeasuredSize { return found }
            let made = sizeOfUnmeasured()
            unmeasuredSize = .some(made)
            return made
        }
        var logarithm = 0.0
        var weight = 0.0
        for source in sources {
            let measured = set.panels[source.place.panel].measured(source.place.model).model
            guard let cost = relativeCosts(source.place.panel)[measured] else { continue }
            logarithm += Double(source.share) * log(cost)
            weight += Double(source.share)
        }
        return weight > 0 ? exp(logarithm / max(weight, Self.leastWeight)) : nil
    }

    /// The relative size for models without answers.
    private mutating func sizeOfUnmeasured() -> Double? {
        var logarithm = 0.0
        var weight = 0.0
        for panel in set.panels.indices
        where !set.isOfRuns[panel] && features.shares.step[panel] >= ProfileSet.leastShare {
            let costs = relativeCosts(panel).compactMap(\.self)
            guard !costs.isEmpty else { continue }
            let share = Double(features.shares.step[panel])
            logarithm += share * costs.reduce(0) { $0 + log($1) } / Double(costs.count)
            weight += share
        }
        return weight > 0 ? exp(logarithm / max(weight, Self.leastWeight)) : nil
    }

    /// By measured model of a panel: its predicted cost over its usual one; nil where either is unknown.
    private mutating func relativeCosts(_ place: Int) -> [Double?] {
        if let found = relativeCosts[place] { return found }
        let panel = set.panels[place]
        let kind = set.dial.kind(panel.name)
        let usual = Dictionary(zip(kind?.models ?? [], kind?.usualUSD ?? [])) { first, _ in first }
        let estimates = usual.isEmpty ? [] : dollarEstimates(place)
        let made = panel.models.enumerated().map { model, name -> Double? in
            guard panel.costUSD.isKnown(model), let usualUSD = usual[name], usualUSD > 0 else { return nil }
            let ratio = panel.costUSD.mean(estimates, model) / Double(usualUSD)
            return ratio > 0 && ratio.isFinite ? ratio : nil
        }
        relativeCosts[place] = made
        return made
    }
}
