import Estimation

extension ProfileSet {
    /// The values that `sight` is chosen from.
    private static let sights: [Double] = [0.3, 0.5, 0.7, 0.85, 0.95]
    /// Fewer validation rows than this choose nothing.
    private static let leastRows = 50

    /// Chooses how much the cascade and the restarts trust their judges: what gives the best curve on validation rows,
    /// which nothing was fitted on.
    mutating func chooseSights(outcomes: [OutcomeRow], traces: [TraceRow], progress: (_ suite: String) -> Void) {
        for (place, judge) in answers {
            let rows = outcomes.filter { $0.suite == judge.name }
            if rows.count < Self.leastRows { continue }
            progress(judge.name)
            let replay = Replay(suite: judge.name, rows: rows, profiles: self)
            let singles = SingleModels(replay)
            guard var cascade = CascadeReplay(replay, profiles: self) else { continue }
            let scores = Self.sights.map { sight in
                cascade.curve(sight: sight, settings: 60).aiq(from: singles.cheapestPoint, to: singles.bestPoint)
            }
            answers[place]?.sight = Float(Self.sights[Self.best(scores)])
        }
        for (place, profile) in runs {
            let rows = traces.filter { $0.suite == profile.name }
            progress(profile.name)
            guard let replay = RunReplay(suite: profile.name, runs: rows, profiles: self),
                replay.tasks.count >= Self.leastRows
            else { continue }
            let scores = Self.sights.map { sight in
                let figures = RestartFigures(replay, sight: sight, settings: 60)
                return figures.curve.aiq(
                    from: figures.curve.points.first ?? figures.bestSingle, to: figures.bestSingle)
            }
            runs[place]?.sight = Float(Self.sights[Self.best(scores)])
        }
    }

    /// The place of the greatest score, the middle one of equals.
    private static func best(_ scores: [Double]) -> Int {
        let greatest = scores.max() ?? 0
        let equal = scores.indices.filter { scores[$0] == greatest }
        return equal[equal.count / 2]
    }
}
