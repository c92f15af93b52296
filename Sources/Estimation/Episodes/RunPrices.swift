/// What a session needs of its budgets later, as prices of what a step uses now.
package struct RunPrices: Hashable, Sendable {
    /// Quality, 0...1, of later steps that a second used now takes away.
    package var perSecond: Double
    /// The same of one USD.
    package var perDollar: Double
    /// The suite of episodes that they were learned from.
    package var suite: String

    package init(perSecond: Double, perDollar: Double, suite: String) {
        self.perSecond = perSecond
        self.perDollar = perDollar
        self.suite = suite
    }
}

/// A live session under budgets, as a learned value reads it.
package struct LiveRun: Sendable {
    /// Seconds of the whole budget, and those left; nil without that limit.
    package var seconds: (whole: Double, left: Double)?
    /// The same in USD.
    package var dollars: (whole: Double, left: Double)?
    /// Steps done before this one.
    package var turns: Int
    /// Names of the sources of the step.
    package var sources: [String]
    /// The steps before, the latest first: whether a provider answered, and the sources that it was sent.
    package var before: [(isProvider: Bool, sources: [String])]
    /// Predicted qualities, 0...1: the best of the own hardware, and the best of the providers.
    package var quality: (own: Double, provider: Double)
    /// The most that one step may use, in seconds and USD.
    package var most: (seconds: Double, dollars: Double)

    package init(
        seconds: (whole: Double, left: Double)?, dollars: (whole: Double, left: Double)?, turns: Int,
        sources: [String], before: [(isProvider: Bool, sources: [String])], quality: (own: Double, provider: Double),
        most: (seconds: Double, dollars: Double)
    ) {
        self.seconds = seconds
        self.dollars = dollars
        self.turns = turns
        self.sources = sources
        self.before = before
        self.quality = quality
        self.most = most
    }
}

extension EpisodeProfile {
    /// The prices of a session's budgets, by the first suite that has all of its sources and whose learned value was
    /// better than the plan on validation episodes; nil where there is none.
    package func prices(_ run: LiveRun) -> RunPrices? { suite(with: run.sources)?.prices(run) }

    /// Whether there are prices for a session with these sources.
    package func covers(_ sources: [String]) -> Bool { suite(with: sources) != nil }

    private func suite(with names: [String]) -> Suite? {
        suites.first { suite in suite.isUsed && names.allSatisfy(suite.sources.contains) }
    }
}

extension EpisodeProfile.Suite {
    /// The slope of the learned value in what is left, over the most that one step may use.
    ///
    /// Responses of the suite are scaled so that its usual best one is a quality of 1. What the next turn will ask is
    /// not known: it is expected to be like this one.
    func prices(_ run: LiveRun) -> RunPrices? {
        let scale = usualBest
        guard scale > 0, !value.trees.isEmpty else { return nil }
        func mask(_ names: [String]) -> Int {
            sources.indices.reduce(0) { names.contains(sources[$1]) ? $0 | 1 << $1 : $0 }
        }
        let before = run.before.map { RunAction(isProvider: $0.isProvider, mask: mask($0.sources)) }
        let goesOn = run.turns + 1 < continuation.count ? Double(continuation[run.turns + 1]) : 0
        func worth(_ seconds: Double, _ dollars: Double) -> Double {
            var sum = 0.0
            for task in tasks.indices {
                var features = RunFeatures()
                features.left = (seconds, dollars)
                features.turns = run.turns + 1
                features.used = before.reduce(0) { $0 | $1.mask }
                features.tasks = tasks.indices.map { other in
                    (Double(run.turns) * Double(taskShares[other]) + (other == task ? 1 : 0), other == task)
                }
                let (own, provider) = (scale * run.quality.own, scale * run.quality.provider)
                features.responses = (own, provider, own, max(own, provider))
                features.next = (goesOn * max(own, provider), goesOn * own)
                features.before = before
                sum += Double(taskShares[task]) * value.value(features.row(sources: sources.count))
            }
            return sum
        }
        func share(_ amounts: (whole: Double, left: Double)?) -> Double {
            amounts.map { $0.whole > 0 ? min(max($0.left / $0.whole, 0), 1) : 0 } ?? 1
        }
        let (seconds, dollars) = (share(run.seconds), share(run.dollars))
        let full = worth(seconds, dollars)
        // Per unit of the budget, from the loss by one step that uses the most.
        func price(_ amounts: (whole: Double, left: Double)?, _ most: Double, _ less: (Double) -> Double) -> Double {
            guard let amounts, amounts.whole > 0, most > 0, most.isFinite else { return 0 }
            let used = min(most, amounts.left)
            guard used > 0 else { return 0 }
            return max(full - less(used / amounts.whole), 0) / scale / used
        }
        return RunPrices(
            perSecond: price(run.seconds, run.most.seconds) { worth(seconds - $0, dollars) },
            perDollar: price(run.dollars, run.most.dollars) { worth(seconds, dollars - $0) }, suite: name)
    }

    /// The score that one logged turn in twenty passes.
    private var usualBest: Double {
        let sorted = scores.sorted()
        return sorted.isEmpty ? 0 : Double(sorted[min(sorted.count - 1, sorted.count * 19 / 20)])
    }
}
