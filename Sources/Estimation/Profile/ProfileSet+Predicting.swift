package import Domain

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

extension ProfileSet {
    /// The default length of an answer where no source recorded lengths.
    package static let unknownOutputTokens = OutputTokens(mean: 250, p95: 1200)
    /// A panel with a smaller share of the text is skipped, unless it is the model's only panel.
    private static let leastShare: Float = 0.05

    /// The prediction for a model on a step; nil without a profile.
    package func predict(_ features: StepFeatures, for model: ModelID) -> Prediction? {
        predictions(features, for: [model])[0]
    }

    /// The predictions for many models. Every panel is evaluated once, so this is cheaper than one model at a time.
    package func predictions(_ features: StepFeatures, for models: [ModelID]) -> [Prediction?] {
        var reading = Reading(self, features)
        return models.map { model in
            let sources = sources(of: model, features)
            if sources.isEmpty { return nil }
            return reading.prediction(of: model, sources)
        }
    }

    /// The expected cost of a call at the prices of the training data, for replays; nil where unknown.
    package func costs(_ features: StepFeatures, for models: [ModelID]) -> [Double?] {
        var reading = Reading(self, features)
        return models.map { reading.cost(sources(of: $0, features)) }
    }

    /// One panel's contribution to a prediction.
    struct Source {
        let place: Place
        /// The panel's share of the text.
        let share: Float
    }

    /// The panels that contribute to a model's prediction.
    func sources(of model: ModelID, _ features: StepFeatures) -> [Source] {
        let all = places(of: model).map { Source(place: $0, share: features.shares.step[$0.panel]) }
        let near = all.filter { $0.share >= Self.leastShare }
        if !near.isEmpty || all.count <= 1 { return near.isEmpty ? all : near }
        return all.max { $0.share < $1.share }.map { [$0] } ?? []
    }
}

/// One text evaluated by the panels of a set, each at most once.
package struct Reading {
    private let set: ProfileSet
    private let features: StepFeatures
    private var dense: [[Float]?]
    private var probabilities: [[Float]?]
    private var recalled: [[Float]?]
    /// Estimates of log tokens and log dollars, by panel.
    private var tokens: [[Float]?]
    private var dollars: [[Float]?]

    package init(_ set: ProfileSet, _ features: StepFeatures) {
        self.set = set
        self.features = features
        dense = Array(repeating: nil, count: set.panels.count)
        probabilities = dense
        recalled = dense
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

    mutating func prediction(of model: ModelID, _ sources: [ProfileSet.Source]) -> Prediction {
        let total = sources.reduce(0) { $0 + $1.share }
        var quality: Float = 0
        var base: Float = 0
        var worth: Float = 0
        var tokens = (mean: 0.0, p95: 0.0, share: 0.0)
        for source in sources {
            let panel = set.panels[source.place.panel]
            let share = total > 0 ? source.share / total : 1 / Float(sources.count)
            let steps = set.meanSteps[source.place.panel]
            quality += share * Self.ofStep(probabilities(source.place.panel)[source.place.model], steps)
            base += share * Self.ofStep(panel.baseRate(source.place.model), steps)
            let measured = panel.measured(source.place.model)
            worth += share * panel.worth
            if panel.outputTokens.isKnown(measured.model) {
                let times = Double(share) * measured.tokens / Double(steps)
                let estimates = tokenEstimates(source.place.panel)
                tokens.mean += times * panel.outputTokens.mean(estimates, measured.model)
                tokens.p95 += times * panel.outputTokens.quantile(estimates, measured.model, deviations: 1.645)
                tokens.share += Double(share)
            }
        }
        // Shrink the prediction for texts unlike all queries of the model's panels.
        let familiarity = min(1, total)
        let far = (quality + base) / 2
        quality = familiarity * quality + (1 - familiarity) * far
        worth = familiarity * worth + (1 - familiarity) * 4
        let isKnown = tokens.share > 0
        return Prediction(
            quality: Double(quality), deviation: Double((quality * (1 - quality) / (worth + 1)).squareRoot()),
            outputTokens: isKnown
                ? OutputTokens(mean: tokens.mean / tokens.share, p95: max(tokens.p95, tokens.mean) / tokens.share)
                : ProfileSet.unknownOutputTokens,
            basis: .profile(model), usual: Double(base))
    }

    private mutating func tokenEstimates(_ panel: Int) -> [Float] {
        if let found = tokens[panel] { return found }
        let made = set.panels[panel].outputTokens.estimates(dense(panel))
        tokens[panel] = made
        return made
    }

    private mutating func dollarEstimates(_ panel: Int) -> [Float] {
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

    /// The predicted cost of a call over the usual one, at the prices of the training data; nil where unknown.
    mutating func relativeSize(_ sources: [ProfileSet.Source]) -> Double? {
        var logarithm = 0.0
        var weight = 0.0
        for source in sources {
            let panel = set.panels[source.place.panel]
            let measured = panel.measured(source.place.model).model
            guard panel.costUSD.isKnown(measured), let kind = set.dial.kind(panel.name),
                let place = kind.models.firstIndex(of: panel.models[measured]), kind.usualUSD[place] > 0
            else { continue }
            let predicted = panel.costUSD.mean(dollarEstimates(source.place.panel), measured)
            guard predicted > 0, predicted.isFinite else { continue }
            let share = Double(max(source.share, 1e-6))
            logarithm += share * log(predicted / Double(kind.usualUSD[place]))
            weight += share
        }
        return weight > 0 ? exp(logarithm / weight) : nil
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
