import Domain
import Estimation
import Routing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Replays the cascade on recorded answers. Output and score are read after the call is paid, and every call is paid.
struct CascadeReplay {
    private let replay: Replay
    private let profile: AnswerProfile
    private let couplings: [Float]
    /// By row, then model, the answers as they are compared where no judge reads them; nil with the judge.
    private let compared: [[ComparedAnswer?]]?
    private var states: [AnswerState] = []
    private var answers: [[AnswerState.Answer?]] = []
    /// By row, the verifier's probabilities for every set of called models, as a bit mask.
    private var correctness: [[UInt64: [Double]]] = []

    /// - Parameter isJudged: false for predictions and the agreement of answers alone, as live where no judge knows the
    ///   text.
    /// - Returns: nil where the rows have no outputs, or no verifier covers their models.
    init?(_ replay: Replay, profiles: ProfileSet, isJudged: Bool = true) {
        guard replay.rows.allSatisfy({ $0.outcomes.values.allSatisfy { $0.output != nil } }), replay.models.count < 64,
            let (place, profile) = profiles.answers.max(by: { left, right in
                Self.known(replay.models, profiles.panels[left.key])
                    < Self.known(replay.models, profiles.panels[right.key])
            }), Self.known(replay.models, profiles.panels[place]) > 0
        else { return nil }
        let panel = profiles.panels[place]
        self.replay = replay
        self.profile = profile
        let columns = replay.models.map { panel.models.firstIndex(of: $0) }
        couplings = columns.flatMap { row in
            columns.map { column in
                guard let row, let column else { return Coupling.unknown }
                return panel.couplings[row * panel.models.count + column]
            }
        }
        compared =
            isJudged
            ? nil
            : replay.rows.map { row in
                replay.models.map { name in
                    row.outcomes[name]?.output.map { ComparedAnswer($0, offersTools: row.text.tools != nil) }
                }
            }
        for (index, row) in replay.rows.enumerated() {
            guard isJudged else {
                correctness.append([:])
                continue
            }
            let features = profiles.features(of: row.text)
            let dense = panel.dense(features.grams, features.counts(forPanel: place))
            let predicted = replay.quality[index].map { Float($0) }
            states.append(
                AnswerState(
                    predicted: predicted, baseRates: columns.map { $0.map { panel.baseRates[$0] } ?? 0.5 },
                    question: AnswerState.question(dense, panel, honest: panel.probabilities(dense)),
                    answers: replay.models.map { _ in nil }))
            let grounding = Grounding(of: row.text)
            answers.append(
                replay.models.map { name in
                    row.outcomes[name]?.output.map {
                        AnswerState.Answer($0, tools: row.text.tools, grounding: grounding)
                    }
                })
            correctness.append([:])
        }
    }

    /// Probability that agreement tells a wrong answer from a right one.
    private static let unjudgedDetection = 0.7

    private static func known(_ models: [String], _ panel: PanelProfile) -> Int {
        Set(models).intersection(panel.models).count
    }

    /// The verifier's probabilities for a row with some models called.
    private mutating func verify(_ row: Int, _ asked: UInt64) -> [Double] {
        if let found = correctness[row][asked] { return found }
        if let compared {
            var belief = AgreementBelief(predictions: replay.quality[row], couplings: couplings)
            for model in replay.models.indices where asked & 1 << UInt64(model) != 0 {
                if let answer = compared[row][model] { belief.add(answer, of: model) }
            }
            correctness[row][asked] = belief.correctness
            return belief.correctness
        }
        var state = states[row]
        for model in replay.models.indices where asked & 1 << UInt64(model) != 0 {
            state.answers[model] = answers[row][model]
        }
        let made = profile.verify(state)
        correctness[row][asked] = made
        return made
    }

    /// The curve over all weights of a dollar.
    mutating func curve(detectionRate: Double? = nil, settings: Int = 200) -> CostCurve {
        let scale = max(
            1e-12,
            replay.predictedCost.reduce(0) { $0 + ($1.max() ?? 0) } / Double(max(replay.rows.count, 1)))
        var points: [CostCurve.Point] = []
        for setting in 0...settings {
            let weight =
                setting == 0 ? 0 : exp(log(3e-3) + log(3e4) * Double(setting - 1) / Double(settings - 1)) / scale
            points.append(
                point(
                    CascadePolicy(
                        weight: weight,
                        detectionRate: detectionRate
                            ?? (compared == nil ? Double(profile.detectionRate) : Self.unjudgedDetection))))
        }
        return CostCurve(points)
    }

    private mutating func point(_ policy: CascadePolicy) -> CostCurve.Point {
        var cost = 0.0
        var score = 0.0
        for row in replay.rows.indices {
            var asked: UInt64 = 0
            while true {
                let correctness = verify(row, asked)
                let open = replay.models.indices.filter {
                    asked & 1 << UInt64($0) == 0 && replay.paid[row][$0] != nil
                }
                let done = replay.models.indices.filter { asked & 1 << UInt64($0) != 0 }
                guard
                    let move = policy.move(
                        correctness: correctness, costUSD: replay.predictedCost[row], couplings: couplings, open: open,
                        asked: done)
                else { break }
                if case .ask(let model) = move {
                    asked |= 1 << UInt64(model)
                    cost += replay.paid[row][model] ?? 0
                } else if case .keep(let model) = move {
                    score += replay.score[row][model] ?? 0
                    break
                }
            }
        }
        let count = Double(max(replay.rows.count, 1))
        return CostCurve.Point(costUSD: cost / count, accuracy: score / count)
    }
}
