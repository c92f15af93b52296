package import Domain

/// A model known from published scores: its general ability, and its place among each panel's models.
package struct ModelStanding: Sendable {
    /// In points, with its deviation.
    package var ability: Ability
    /// By panel of the set: the model as a blend of the panel's models; nil for panels of runs.
    package var panels: [PanelStanding?]
    /// Published lengths of its answers.
    package var lengths: AnswerLengths?

    package init(ability: Ability, panels: [PanelStanding?], lengths: AnswerLengths? = nil) {
        self.ability = ability
        self.panels = panels
        self.lengths = lengths
    }
}

/// A model among the models of one panel.
package struct PanelStanding: Sendable {
    /// The model as a blend of the panel's log-odds.
    package var blend: DerivedModel
    /// Standard deviation of the blend's log-odds.
    package var deviation: Double

    package init(blend: DerivedModel, deviation: Double) {
        self.blend = blend
        self.deviation = deviation
    }
}

/// Places models on the scales of a set's panels by their published scores.
package struct StandingMaker: Sendable {
    private let profile: AbilityProfile
    private let panels: [PanelProfile]
    private let isOfRuns: [Bool]
    /// Models whose outcomes and scores are not used, by canonical name.
    private let absent: Set<String>
    private var seats: [Seat?] = []

    /// A panel's scale and lines without the absent models.
    private struct Seat {
        var scale: AbilityScale
        var general: AbilityLine
        /// Nil where too few of the panel's models have scores of its kind.
        var kind: AbilityLine?
        var ability: PanelAbility
        /// The panel's models that may stand in for lengths.
        var present: [Int]
    }

    /// The least number of models for a line that uses a kind's own benchmarks.
    private static let leastKindAnchors = 4

    /// - Parameter absent: models to leave out, under any spelling.
    init(_ profile: AbilityProfile, panels: [PanelProfile], isOfRuns: [Bool], leavingOut absent: Set<String> = []) {
        self.profile = profile
        self.panels = panels
        self.isOfRuns = isOfRuns
        self.absent = Set(absent.map(ModelName.canonical))
        seats = panels.indices.map { isOfRuns[$0] ? nil : seat(panels[$0]) }
    }

    private func seat(_ panel: PanelProfile) -> Seat? {
        let ability =
            profile.panels.first { $0.panel == panel.name && $0.models == panel.models }
            ?? PanelAbility(
                panel: panel.name, models: panel.models, points: panel.models.map { _ in .nan },
                deviations: panel.models.map { _ in .nan }, benchmarks: [], benchmarkMeans: [],
                kindScores: panel.models.map { _ in .nan }, ceiling: 0.985, sample: [])
        let present = panel.models.indices.filter { !absent.contains(ModelName.canonical(panel.models[$0])) }
        guard !present.isEmpty else { return nil }
        let known = present.filter { ability.points[$0].isFinite }
        let withKind = known.filter { ability.kindScores[$0].isFinite }
        func anchors(_ models: [Int], kinds: Bool) -> [AbilityLine.Anchor] {
            models.map { model in
                AbilityLine.Anchor(
                    points: Double(ability.points[model]), kindScore: kinds ? Double(ability.kindScores[model]) : nil,
                    odds: Self.odds(Double(panel.baseRates[model]), ceiling: Double(ability.ceiling)))
            }
        }
        return Seat(
            scale: AbilityScale(panel, leavingOut: Set(panel.models.indices).subtracting(present)),
            general: AbilityLine(anchors(known, kinds: false)),
            kind: withKind.count >= Self.leastKindAnchors ? AbilityLine(anchors(withKind, kinds: true)) : nil,
            ability: ability, present: present)
    }

    /// The log-odds of a base rate below a ceiling.
    private static func odds(_ baseRate: Double, ceiling: Double) -> Double {
        logit(min(max(baseRate / ceiling, 0.01), 0.99))
    }

    /// The line from ability to a panel's base rates; nil for a panel of runs.
    package func line(_ panel: Int) -> AbilityLine? { seats[panel]?.general }

    /// A model by its published scores; nil where none of them says anything of general ability.
    /// - Parameter baseRates: by panel, the model's published share of good answers on that panel's own questions.
    package func standing(
        of record: PublishedRecord, name: String, baseRates: [Int: Double] = [:]
    ) -> ModelStanding? {
        guard let ability = profile.ability(of: record) else { return nil }
        return ModelStanding(
            ability: ability,
            panels: panels.indices.map { place in
                guard let seat = seats[place] else { return nil }
                let (odds, deviation) = expected(record, ability, seat)
                return standing(
                    seat, panels[place], name: name,
                    baseRate: baseRates[place] ?? Double(seat.ability.ceiling) * logistic(odds),
                    deviation: baseRates[place] == nil ? deviation : 0.1, lengths: record.lengths)
            }, lengths: record.lengths)
    }

    /// A measured model, by its shares of good answers on some panels' questions.
    /// - Parameter ability: its ability by published scores; nil to infer it from the shares.
    /// - Returns: nil where no panel of answers has it.
    package func standing(name: String, ability published: Ability?, baseRates: [Int: Double]) -> ModelStanding? {
        guard let ability = published ?? inferred(baseRates) else { return nil }
        return ModelStanding(
            ability: ability,
            panels: panels.indices.map { place in
                guard let seat = seats[place] else { return nil }
                let (odds, deviation) = expected(PublishedRecord(scores: []), ability, seat)
                return standing(
                    seat, panels[place], name: name,
                    baseRate: baseRates[place] ?? Double(seat.ability.ceiling) * logistic(odds), deviation: deviation,
                    lengths: nil)
            })
    }

    /// The ability that shares of good answers imply, by the panels' lines.
    private func inferred(_ baseRates: [Int: Double]) -> Ability? {
        var precision = 0.0
        var points = 0.0
        for (place, rate) in baseRates.sorted(by: { $0.key < $1.key }) {
            guard let seat = seats[place] else { continue }
            let deviation = seat.general.deviation / seat.general.slope
            points +=
                seat.general.points(Self.odds(rate, ceiling: Double(seat.ability.ceiling))) / (deviation * deviation)
            precision += 1 / (deviation * deviation)
        }
        guard precision > 0 else { return nil }
        return Ability(points: points / precision, deviation: max((1 / precision).squareRoot(), 2))
    }

    /// The log-odds below a panel's ceiling of a model with these scores, and their deviation.
    private func expected(
        _ record: PublishedRecord, _ ability: Ability, _ seat: Seat
    ) -> (odds: Double, deviation: Double) {
        if let line = seat.kind, let own = seat.ability.kindScore(of: record) {
            // Another model's score of the kind counts half: the line without kinds has the rest.
            let share = 1 - 0.5 * own.nearest
            let odds =
                share * line.odds(ability.points, kindScore: own.score)
                + (1 - share) * seat.general.odds(ability.points)
            let spread = line.slope * ability.deviation
            return (odds, (line.deviation * line.deviation + spread * spread).squareRoot())
        }
        let spread = seat.general.slope * ability.deviation
        return (
            seat.general.odds(ability.points),
            (seat.general.deviation * seat.general.deviation + spread * spread).squareRoot()
        )
    }

    /// The blend of a panel's models whose mean over the panel's texts is the base rate.
    private func standing(
        _ seat: Seat, _ panel: PanelProfile, name: String, baseRate: Double, deviation: Double, lengths: AnswerLengths?
    ) -> PanelStanding {
        let ability = logit(baseRate) - seat.scale.mean
        var weights = seat.scale.blend(ability)
        weights[weights.count - 1] += Float(seat.ability.shift(of: weights, to: baseRate))
        let known = seat.present.filter { panel.outputTokens.isKnown($0) }
        func distance(_ model: Int) -> Double { abs(seat.scale.centred[model] - ability) }
        let like = (known.isEmpty ? seat.present : known).min { (distance($0), $0) < (distance($1), $1) } ?? 0
        return PanelStanding(
            blend: DerivedModel(
                name: name, panel: panel.name, weights: weights, baseRate: Float(baseRate), like: like,
                tokenRatio: Float(lengths?.factor ?? 1), costRatio: 1, probes: 0),
            deviation: deviation)
    }
}

extension PanelAbility {
    /// The mean probability of a blend over the sample; nil without one.
    package func meanQuality(of weights: [Float]) -> Double? {
        let width = models.count
        let rows = sample.count / max(width, 1)
        guard rows > 0, weights.count == width + 1 else { return nil }
        return (0..<rows).reduce(0.0) { sum, row in
            let odds = (0..<width).reduce(weights[width]) { $0 + weights[$1] * sample[row * width + $1] }
            return sum + Double(logistic(odds)) / Double(rows)
        }
    }

    /// The shift of a blend's intercept that brings its mean probability over the sample to a base rate.
    func shift(of weights: [Float], to baseRate: Double) -> Double {
        let width = models.count
        let rows = sample.count / max(width, 1)
        guard rows > 0, weights.count == width + 1 else { return 0 }
        let odds = (0..<rows).map { row in
            (0..<width).reduce(Double(weights[width])) { $0 + Double(weights[$1] * sample[row * width + $1]) }
        }
        var low = -8.0
        var high = 8.0
        for _ in 0..<40 {
            let middle = (low + high) / 2
            let mean = odds.reduce(0) { $0 + logistic($1 + middle) } / Double(rows)
            if mean < baseRate { low = middle } else { high = middle }
        }
        return (low + high) / 2
    }
}
