import Domain
package import Estimation

/// What is left of a session's limits, priced by the value that was learned from recorded episodes.
package struct SessionRest: Sendable {
    private let profile: EpisodeProfile
    private let run: LiveRun

    /// - Parameter run: the session; its predictions and amounts are filled in from the candidates of a step.
    /// - Returns: nil where no learned value is better than the plan for such sessions.
    package init?(_ profile: EpisodeProfile, run: LiveRun) {
        guard profile.covers(run.sources) else { return nil }
        self.profile = profile
        self.run = run
    }

    /// The prices of what a step uses.
    ///
    /// - Parameter candidates: those that can serve it.
    func prices(_ candidates: [Candidate]) -> RunPrices? {
        func best(_ placement: Placement) -> Double {
            candidates.filter { $0.placement == placement }.map(\.prediction.quality).max() ?? 0
        }
        var run = run
        run.quality = (best(.edge), best(.cloud))
        run.most = (
            candidates.map(\.latencySeconds).max() ?? 0,
            Double(candidates.map(\.cost.total.nanoUSD).max() ?? 0) / 1e9
        )
        return profile.prices(run)
    }
}

extension RunPrices: CustomStringConvertible {
    /// For decisions: "session: by the learned value of m4a1, ...".
    package var description: String {
        "session: by the learned value of \(suite), a second used now costs later steps \(Decimals.short(perSecond)) of "
            + "quality, and a dollar \(Decimals.short(perDollar))"
    }
}
