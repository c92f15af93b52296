import Domain

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// One text evaluated by the panels of a set, each at most once.
package struct Reading {
    let set: ProfileSet
    let features: StepFeatures
    private var dense: [[Float]?]
    private var probabilities: [[Float]?]
    private var recalled: [[Float]?]
    private var odds: [[Float]?]
    private var typical: [OutputTokens?]
    private var generalDifficulty: Double?
    /// By panel, then measured model: see `relativeCosts`.
    var relativeCosts: [[Double?]?]
    /// The relative size for models without answers, computed once.
    var unmeasuredSize: Double??
    /// Estimates of log tokens and log dollars, by panel.
    private var tokens: [[Float]?]
    private var dollars: [[Float]?]

    package init(_ set: ProfileSet, _ features: StepFeatures) {
        self.set = set
        self.features = features
        dense = Array(repeating: nil, count: set.panels.count)
        probabilities = dense
        recalled = dense
        odds = dense
        relativeCosts = Array(repeating: nil, count: set.panels.count)
        typical = Array(repeating: nil, count: set.panels.count)
        tokens = dense
        dollars = dense
    }

    mutating func dense(_ panel: Int) -> [Float] {
        if let found = dense[panel] { return found }
        let made = set.panels[panel].dense(features.grams, features.counts(forPanel: panel))
        dense[panel] = made
        return made
    }

    mutating func probabilities(_ panel: Int) -> [Float] {
        if let found = probabilities[panel] { return found }
        var made = set.panels[panel].probabilities(dense(panel))
        if let runs = set.runs[panel] {
            // Suites of runs have few tasks, so the most similar tasks add to the panel's prediction.
            let own = runs.models.count
            made.replaceSubrange(0..<own, with: runs.start(Array(made[..<own]), recalled: recalled(panel, runs)))
        }
        probabilities[panel] = made
        return made
    }

    /// The recall of a suite's tasks for this text.
    private mutating func recalled(_ panel: Int, _ runs: RunProfile) -> [Float] {
        if let found = recalled[panel] { return found }
        let made = runs.recall.scores(features.grams)
        recalled[panel] = made
        return made
    }

    /// The step as read by a suite's run profile.
    /// - Parameter history: the run so far; empty at its start.
    package mutating func run(_ panel: Int, _ runs: RunProfile, history: String) -> RunReading {
        let start = Array(probabilities(panel)[..<runs.models.count])
        return RunReading(
            runs, set.panels[panel], features, start: start, recalled: recalled(panel, runs),
            history: RunText.end(of: history, bytes: RunText.most))
    }

    /// The panels with answers of a model.
    func sources(of model: PredictedModel) -> [ProfileSet.Source] {
        model.profile.map { set.sources(of: $0, features) } ?? []
    }

    /// The prediction for a model; nil where neither answers nor scores of it are known.
    mutating func prediction(of model: PredictedModel, _ sources: [ProfileSet.Source]) -> Prediction? {
        let standing = model.standing ?? model.profile.flatMap { set.standing(of: $0) }
        if let standing { return prediction(of: model, sources, standing) }
        guard let name = model.profile, !sources.isEmpty else { return nil }
        return prediction(of: name, sources)
    }

    /// The prediction from recorded answers alone.
    private mutating func prediction(of model: ModelID, _ sources: [ProfileSet.Source]) -> Prediction {
        let total = sources.reduce(0) { $0 + $1.share }
        var mix = PredictionMixture()
        for source in sources { add(source, share: total > 0 ? source.share : 1 / Float(sources.count), to: &mix) }
        mix.normalize()
        // Shrink the prediction for texts unlike all queries of the model's panels.
        let familiarity = Double(min(1, total))
        let quality = familiarity * mix.quality + (1 - familiarity) * (mix.quality + mix.usual) / 2
        let worth = familiarity * mix.worth + (1 - familiarity) * 4
        return Prediction(
            quality: quality, deviation: (quality * (1 - quality) / (worth + 1)).squareRoot(),
            outputTokens: mix.outputTokens ?? ProfileSet.unknownOutputTokens, basis: .profile(model), usual: mix.usual)
    }

    /// The prediction from recorded answers, the standing in panels without answers, and general ability for the rest.
    private mutating func prediction(
        of model: PredictedModel, _ sources: [ProfileSet.Source], _ standing: ModelStanding
    ) -> Prediction {
        var mix = PredictionMixture()
        for source in sources where set.general == nil || source.share >= ProfileSet.leastShare {
            add(source, share: source.share, to: &mix)
        }
        for panel in set.strange(to: sources, features) { add(standing, in: panel, to: &mix) }
        let known = set.knownShare(features, share: mix.share)
        // The parts so far stand for the known share.
        if let general = set.general {
            add(general, standing, share: known > 0 ? mix.share * (1 - known) / known : 1, to: &mix)
        }
        mix.normalize()
        let spread = mix.quality * (1 - mix.quality) / (mix.worth + 1)
        return Prediction(
            quality: mix.quality, deviation: (spread + mix.doubt * mix.doubt).squareRoot(),
            outputTokens: mix.outputTokens ?? ProfileSet.unknownOutputTokens,
            basis: sources.isEmpty ? .scores(model.id) : .profile(model.profile ?? model.id), usual: mix.usual,
            ability: standing.ability.points, knownShare: set.general == nil ? nil : Double(known))
    }

    /// Adds a panel that knows the model.
    private mutating func add(_ source: ProfileSet.Source, share: Float, to mix: inout PredictionMixture) {
        let place = source.place
        let panel = set.panels[place.panel]
        let steps = set.meanSteps[place.panel]
        mix.add(
            share: share, quality: Self.ofStep(probabilities(place.panel)[place.model], steps),
            usual: Self.ofStep(panel.baseRate(place.model), steps), worth: panel.worth)
        let measured = panel.measured(place.model)
        guard panel.outputTokens.isKnown(measured.model) else { return }
        let estimates = tokenEstimates(place.panel)
        let times = measured.tokens / Double(steps)
        mix.add(
            share: share, tokens: times * panel.outputTokens.mean(estimates, measured.model),
            p95: times * panel.outputTokens.quantile(estimates, measured.model, deviations: 1.645))
    }

    /// Adds a panel of answers that does not know the model, by its standing there.
    private mutating func add(_ standing: ModelStanding, in place: Int, to mix: inout PredictionMixture) {
        guard let own = standing.panels[place] else { return }
        let panel = set.panels[place]
        let share = features.shares.step[place]
        let quality = own.blend.probability(odds: odds(place))
        mix.add(
            share: share, quality: quality, usual: own.blend.baseRate, worth: panel.worth,
            doubt: Double(quality * (1 - quality)) * own.deviation)
        guard let typical = typicalTokens(place) else { return }
        let times = Double(own.blend.tokenRatio)
        mix.add(share: share, tokens: times * typical.mean, p95: times * typical.p95)
    }

    /// The mean length of the answers of a panel's measured models; nil where none was recorded.
    private mutating func typicalTokens(_ place: Int) -> OutputTokens? {
        if let found = typical[place] { return found }
        let head = set.panels[place].outputTokens
        let measured = set.panels[place].models.indices.filter { head.isKnown($0) }
        guard !measured.isEmpty else { return nil }
        let estimates = tokenEstimates(place)
        var made = OutputTokens(mean: 0, p95: 0)
        for model in measured {
            made.mean += head.mean(estimates, model) / Double(measured.count)
            made.p95 += head.quantile(estimates, model, deviations: 1.645) / Double(measured.count)
        }
        typical[place] = made
        return made
    }

    /// Adds the general ability, for the part of the text that is like no panel's.
    private mutating func add(
        _ general: GeneralAbility, _ standing: ModelStanding, share: Float, to mix: inout PredictionMixture
    ) {
        guard share > 0 else { return }
        let ability = standing.ability
        let difficulty = difficulty(general)
        let quality = general.quality(ability: ability.points, difficulty: difficulty)
        let spread = Double(general.slope) * ability.deviation
        let doubt = (spread * spread + GeneralAbility.talent * GeneralAbility.talent).squareRoot()
        mix.add(
            share: share, quality: Float(quality), usual: Float(general.usualQuality(ability: ability.points)),
            worth: GeneralAbility.worth, doubt: quality * (1 - quality) * doubt)
        guard let lengths = standing.lengths else { return }
        let mean = lengths.tokens(difficulty: difficulty, isStep: features.isStepOfRun)
        mix.add(share: share, tokens: mean, p95: AnswerLengths.p95 * mean)
    }

    private mutating func difficulty(_ general: GeneralAbility) -> Double {
        if let found = generalDifficulty { return found }
        let made = general.difficulty(features.grams, features.counts)
        generalDifficulty = made
        return made
    }

    /// The log-odds of a panel's measured models.
    private mutating func odds(_ panel: Int) -> [Float] {
        if let found = odds[panel] { return found }
        let own = set.panels[panel].models.count
        let made = probabilities(panel)[..<own].map { Float(logit(Double($0))) }
        odds[panel] = made
        return made
    }

    private mutating func tokenEstimates(_ panel: Int) -> [Float] {
        if let found = tokens[panel] { return found }
        let made = set.panels[panel].outputTokens.estimates(dense(panel))
        tokens[panel] = made
        return made
    }

    mutating func dollarEstimates(_ panel: Int) -> [Float] {
        if let found = dollars[panel] { return found }
        let made = set.panels[panel].costUSD.estimates(dense(panel))
        dollars[panel] = made
        return made
    }

    /// The success of one step, from the success of a whole run.
    ///
    /// A run succeeds where all of its steps do, so a step's success is the geometric mean factor of the run's.
    private static func ofStep(_ success: Float, _ steps: Float) -> Float {
        steps > 1 ? pow(success, 1 / steps) : success
    }

    mutating func cost(_ sources: [ProfileSet.Source]) -> Double? {
        var sum = 0.0
        var weight = 0.0
        for source in sources {
            let panel = set.panels[source.place.panel]
            let measured = panel.measured(source.place.model)
            guard panel.costUSD.isKnown(measured.model) else { continue }
            let share = Double(max(source.share, 1e-6))
            sum +=
                share * measured.dollars * panel.costUSD.mean(dollarEstimates(source.place.panel), measured.model)
                / Double(set.meanSteps[source.place.panel])
            weight += share
        }
        return weight > 0 ? sum / weight : nil
    }
}
