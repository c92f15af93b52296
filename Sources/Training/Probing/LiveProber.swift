package import Domain
package import Estimation

/// Selects probes for a live model, and builds its profile from its answers.
package struct LiveProber: Sendable {
    private let set: ProfileSet
    private let scales: [AbilityScale]
    var inference = LiveInference()

    /// - Parameter set: the known models. Models inferred from probes are ignored.
    package init(_ set: ProfileSet) {
        self.set = set
        scales = set.panels.map { AbilityScale($0) }
    }

    /// Whether a profile of that name comes from recorded answers.
    package func hasMeasured(_ model: ModelID) -> Bool {
        let name = ModelName.canonical(model.rawValue)
        return set.panels.contains { panel in
            panel.models.contains { ModelName.canonical($0) == name }
                || panel.derived.contains { !$0.isLive && ModelName.canonical($0.name) == name }
        }
    }

    /// The expected share of good answers on a suite's questions, and the mean of the suite's models.
    package func expectations(_ profile: LiveProfile) -> [(suite: String, share: Double, others: Double)] {
        profile.blends.compactMap { blend in
            set.panels.first { $0.name == blend.model.panel }.map { panel in
                let others = panel.baseRates.reduce(0, +) / Float(max(panel.models.count, 1))
                return (panel.name, Double(blend.model.baseRate), Double(others))
            }
        }
    }

    /// The K most informative items: medoids of clusters, spread over kinds and difficulty.
    /// - Throws: `EstimationError.notEnoughData` where K is below 8 or above the number of items.
    package func choose(
        _ count: Int, of items: [ProbeItem], seed: UInt64 = 1
    ) throws(EstimationError) -> [ProbeItem] {
        guard count >= 8 else { throw .notEnoughData("\(count) probes are too few to tell anything: ask at least 8") }
        guard count <= items.count else {
            throw .notEnoughData("\(count) probes were asked for, and the suite has \(items.count) that can be graded")
        }
        if count == items.count { return items }
        let kinds = Set(items.map(\.kind)).sorted()
        let points = items.map { item -> [Float] in
            let reading = inference.reading(GradedProbe(item: item, score: 0), set, scales)
            return [Float(reading.difficulty), Float(reading.slope), Float(item.level)]
                + reading.shares.map { Float($0) } + kinds.map { $0 == item.kind ? 4 : 0 }
        }
        return Medoids.choose(points, count: count, seed: seed &+ 7).map { items[$0] }
    }

    /// The profile of a model, from its published scores and its answers, where each may be missing.
    /// - Parameter record: nil for a model without published scores.
    package func profile(_ name: String, _ probes: [GradedProbe], record: PublishedRecord? = nil) -> LiveProfile {
        let readings = probes.map { inference.reading($0, set, scales) }
        let standing = record.flatMap { set.standings?.standing(of: $0, name: name) }
        let abilities = inference.abilities(
            readings, panels: set.panels.count, prior: standing.map { LiveInference.Prior($0, scales) })
        let blends = set.panels.indices.map { place -> (model: DerivedModel, panelModels: [String]) in
            let panel = set.panels[place]
            let like = nearest(to: abilities[place], in: place)
            let ratios = ratios(probes, readings, place, like)
            var model = DerivedModel(
                name: name, panel: panel.name, weights: scales[place].blend(abilities[place]),
                baseRate: Float(logistic(scales[place].mean + abilities[place])), like: like,
                tokenRatio: ratios.tokens, costRatio: ratios.cost, probes: probes.count)
            model.isLive = true
            return (model, panel.models)
        }
        return LiveProfile(name: name, kinds: kinds(probes), blends: blends)
    }

    /// The panel's model with the nearest ability, among those with known lengths if there are any.
    private func nearest(to ability: Double, in place: Int) -> Int {
        let panel = set.panels[place]
        let known = panel.models.indices.filter { panel.outputTokens.isKnown($0) }
        let models = known.isEmpty ? Array(panel.models.indices) : known
        func distance(_ model: Int) -> Double { abs(scales[place].centred[model] - ability) }
        return models.min { (distance($0), $0) < (distance($1), $1) } ?? 0
    }

    /// The model's output tokens and dollars on the probes, as multiples of the prediction for a panel's model.
    private func ratios(
        _ probes: [GradedProbe], _ readings: [LiveInference.Reading], _ place: Int, _ like: Int
    ) -> (tokens: Float, cost: Float) {
        let panel = set.panels[place]
        var own = (tokens: 0.0, cost: 0.0)
        var others = (tokens: 0.0, cost: 0.0)
        for (probe, reading) in zip(probes, readings) {
            // Probes unlike the panel's questions carry little information on its answers' lengths.
            let share = reading.shares[place] + 0.02
            let features = set.features(of: probe.item.text)
            let dense = panel.dense(features.grams, features.counts(forPanel: place))
            if let tokens = probe.outputTokens, panel.outputTokens.isKnown(like) {
                own.tokens += share * tokens
                others.tokens += share * panel.outputTokens.mean(panel.outputTokens.estimates(dense), like)
            }
            if let cost = probe.costUSD, panel.costUSD.isKnown(like) {
                own.cost += share * cost
                others.cost += share * panel.costUSD.mean(panel.costUSD.estimates(dense), like)
            }
        }
        func ratio(_ own: Double, _ others: Double) -> Float { others > 0 ? Float(own / others) : 1 }
        return (ratio(own.tokens, others.tokens), ratio(own.cost, others.cost))
    }

    private func kinds(_ probes: [GradedProbe]) -> [LiveProfile.Kind] {
        Dictionary(grouping: probes, by: \.item.kind).sorted { $0.key < $1.key }.map { kind, probes in
            LiveProfile.Kind(name: kind, asked: probes.count, points: probes.reduce(0) { $0 + $1.score })
        }
    }
}

extension LiveInference.Prior {
    /// The prior of a model's standing. Panels of runs are told by ability alone.
    init(_ standing: ModelStanding, _ scales: [AbilityScale]) {
        let known = zip(standing.panels, scales).compactMap { panel, scale in
            panel.map { logit(Double($0.blend.baseRate)) - scale.mean }
        }
        let usual = known.reduce(0, +) / Double(max(known.count, 1))
        means = zip(standing.panels, scales).map { panel, scale in
            panel.map { logit(Double($0.blend.baseRate)) - scale.mean } ?? usual
        }
        let common = max(AbilityLine.priorSlope * standing.ability.deviation, 0.1)
        self.common = common
        own = standing.panels.map { panel in
            max(((panel?.deviation ?? 1) * (panel?.deviation ?? 1) - common * common), 0.04).squareRoot()
        }
    }
}
