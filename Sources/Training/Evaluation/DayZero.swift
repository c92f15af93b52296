package import Domain
package import Estimation
import JSON

/// What is taken for known of a model in a replay that treats it as new.
package enum DayZeroKnowledge: Hashable, Sendable, CustomStringConvertible {
    /// Its published scores of general ability.
    case ability
    /// All its published scores.
    case scores
    /// Also its share of good answers on the suite's training rows, in place of a published score of that suite.
    case suite
    /// Its published scores, where it has some, and so many answers.
    case probes(Int)

    /// Reads `ability`, `scores`, `suite` or `probes:16`.
    /// - Throws: `EstimationError.unknown`.
    package init(_ text: String) throws(EstimationError) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        switch (parts[0], parts.count > 1 ? Int(parts[1]) : nil) {
        case ("ability", nil) where parts.count == 1: self = .ability
        case ("scores", nil) where parts.count == 1: self = .scores
        case ("suite", nil) where parts.count == 1: self = .suite
        case ("probes", let count?) where count >= 1: self = .probes(count)
        default:
            throw .unknown(
                kind: "state of knowledge", name: text, known: ["ability", "scores", "suite", "probes:K"])
        }
    }

    /// The text that `init(_:)` reads.
    package var description: String {
        switch self {
        case .ability: "ability"
        case .scores: "scores"
        case .suite: "suite"
        case .probes(let count): "probes:\(count)"
        }
    }
}

/// Quality of predictions for models that are treated as new, one after the other.
package struct DayZeroFigures: Sendable {
    /// What was taken for known.
    package var knowledge: DayZeroKnowledge
    /// The models that could be predicted.
    package var models: [String]
    /// The mean over these models, on the rows of all of them.
    package var auc: Double
    /// Expected calibration error over all rows and models.
    package var calibrationError: Double
    /// The mean over these models of the distance between predicted and true share of good answers.
    package var baseRateError: Double
    /// Routing with these predictions, and for the same models with their own profiles.
    package var aiq: Double
    /// The same with the profiles of the models.
    package var aiqOfProfiles: Double
}

/// Replays a suite with every model's own outcomes left out of its prediction.
package struct DayZeroReplay {
    let profiles: ProfileSet
    let book: ScoreBook
    let knowledge: DayZeroKnowledge
    var seed: UInt64 = 1

    /// - Parameter book: published scores by the names of the data.
    package init(profiles: ProfileSet, book: ScoreBook, knowledge: DayZeroKnowledge) {
        self.profiles = profiles
        self.book = book
        self.knowledge = knowledge
    }

    /// - Parameters:
    ///   - replay: the rows to measure on, with the predictions of profiles.
    ///   - training: rows of the suite that answers and shares are taken from.
    /// - Returns: nil where no model of the suite can be predicted so.
    func figures(_ replay: Replay, training: [OutcomeRow]) -> DayZeroFigures? {
        let known = AbilityTrainer.byCanonicalName(book)
        let rates = rates(replay.models, training)
        var subjects: [(model: Int, subject: PredictedModel)] = []
        for (place, name) in replay.models.enumerated() {
            let record = known[ModelName.canonical(name)]
            guard let standing = standing(name, record, rates: rates, suite: replay.suite, training) else { continue }
            subjects.append((place, PredictedModel(id: ModelID(name), profile: nil, standing: standing)))
        }
        guard !subjects.isEmpty else { return nil }
        var day = replay
        day.keep(subjects.map(\.model))
        var full = day
        for (row, outcome) in replay.rows.enumerated() {
            let features = profiles.features(of: outcome.text)
            day.quality[row] = profiles.predictions(features, of: subjects.map(\.subject)).map { $0?.quality ?? 0.5 }
        }
        full.quality = replay.quality.map { row in subjects.map { row[$0.model] } }
        return figures(day, full)
    }

    private func figures(_ day: Replay, _ full: Replay) -> DayZeroFigures {
        var predictions: [Double] = []
        var outcomes: [Double] = []
        var aucs: [Double] = []
        var errors: [Double] = []
        for model in day.models.indices {
            let rows = day.rows.indices.filter { day.score[$0][model] != nil }
            let predicted = rows.map { day.quality[$0][model] }
            let scored = rows.map { day.score[$0][model] ?? 0 }
            if let auc = RankingMetrics.auc(predicted, scored) { aucs.append(auc) }
            let count = Double(max(rows.count, 1))
            errors.append(abs(predicted.reduce(0, +) - scored.reduce(0, +)) / count)
            predictions += predicted
            outcomes += scored
        }
        let singles = SingleModels(full)
        func aiq(_ replay: Replay) -> Double {
            CurveFigures(TradeOff().curve(replay), cheapest: singles.cheapestPoint, best: singles.bestPoint).aiq
        }
        return DayZeroFigures(
            knowledge: knowledge, models: day.models,
            auc: aucs.isEmpty ? 0.5 : aucs.reduce(0, +) / Double(aucs.count),
            calibrationError: RankingMetrics.calibrationError(predictions, outcomes),
            baseRateError: errors.reduce(0, +) / Double(errors.count), aiq: aiq(day), aiqOfProfiles: aiq(full))
    }

    /// The share of good answers on training rows, by model.
    private func rates(_ models: [String], _ training: [OutcomeRow]) -> [String: Double] {
        var rates: [String: Double] = [:]
        for model in models {
            let scores = training.compactMap { $0.outcomes[model]?.score }
            if !scores.isEmpty { rates[model] = scores.reduce(0, +) / Double(scores.count) }
        }
        return rates
    }

    /// A model's standing without anything of its outcomes but what counts as known.
    private func standing(
        _ name: String, _ record: PublishedRecord?, rates: [String: Double], suite: String, _ training: [OutcomeRow]
    ) -> ModelStanding? {
        guard let maker = profiles.standings(leavingOut: [name]) else { return nil }
        let place = profiles.panels.firstIndex { $0.name == suite }
        let general = Set(profiles.ability?.conversions.filter(\.isGeneral).map(\.benchmark) ?? [])
        switch knowledge {
        case .ability:
            guard let record else { return nil }
            return maker.standing(
                of: PublishedRecord(
                    scores: record.scores.filter { general.contains($0.benchmark) }, effort: record.effort),
                name: name)
        case .scores:
            return record.flatMap { maker.standing(of: $0, name: name) }
        case .suite:
            guard let place, let rate = rates[name] else { return nil }
            if let record, let made = maker.standing(of: record, name: name, baseRates: [place: rate]) { return made }
            return maker.standing(name: name, ability: nil, baseRates: [place: rate])
        case .probes(let count):
            guard let place else { return nil }
            return probed(name, record, maker, place, training.filter { $0.outcomes[name] != nil }, count)
        }
    }

    /// A standing refined by answers to some training rows.
    private func probed(
        _ name: String, _ record: PublishedRecord?, _ maker: StandingMaker, _ place: Int, _ rows: [OutcomeRow],
        _ count: Int
    ) -> ModelStanding? {
        guard rows.count >= count else { return nil }
        var random = SeededGenerator(seed: seed &+ 19)
        let chosen = rows.indices.shuffled(using: &random).prefix(count).sorted()
        let scales = profiles.panels.map { panel in
            AbilityScale(
                panel,
                leavingOut: Set(
                    panel.models.indices.filter {
                        ModelName.canonical(panel.models[$0]) == ModelName.canonical(name)
                    }))
        }
        var inference = LiveInference()
        // The rows are the panel's own questions: they need no author's level, and have no faults of their own.
        inference.levelShare = 0
        inference.kindPrecision = 1e4
        let readings = chosen.map { row in
            let item = ProbeItem(
                id: rows[row].id, kind: "recorded", level: 3, text: rows[row].text, grader: .number(0, tolerance: 0))
            return inference.reading(
                GradedProbe(item: item, score: rows[row].outcomes[name]?.score ?? 0), profiles, scales)
        }
        let prior = record.flatMap { maker.standing(of: $0, name: name) }
        let abilities = inference.abilities(
            readings, panels: profiles.panels.count, prior: prior.map { LiveInference.Prior($0, scales) })
        let rate =
            profiles.ability?.panels.first { $0.panel == profiles.panels[place].name }?
            .meanQuality(of: scales[place].blend(abilities[place])) ?? logistic(scales[place].mean + abilities[place])
        if let record, let made = maker.standing(of: record, name: name, baseRates: [place: rate]) { return made }
        return maker.standing(name: name, ability: nil, baseRates: [place: rate])
    }
}

extension DayZeroFigures {
    func writeMembers(to json: inout JSONWriter) {
        json.member("known", knowledge.description)
        json.member("models", models.count)
        json.member("auc", auc)
        json.member("ece", calibrationError)
        json.member("base_rate_error", baseRateError)
        json.member("aiq", aiq)
        json.member("aiq_profiles", aiqOfProfiles)
    }
}
