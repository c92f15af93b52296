import Domain
package import Estimation
import JSON

/// Policies on recorded episodes under budgets, by suite. Every figure is of the simulation.
package struct EpisodeEvaluation: Sendable {
    /// The logged turns that the simulation holds.
    package enum Pairs: String, CaseIterable, Sendable {
        /// Those of all episodes, so that every policy plays in one world.
        case all
        /// Those of the training episodes, as in the published code.
        case train
    }

    /// One suite's figures by policy.
    package struct Suite: Sendable {
        /// The name of the recordings.
        package var name: String
        /// One row for each policy, hera first.
        package var figures: [EpisodeFigures]
        /// Whether `hera` is the learned value; otherwise constant prices or the plan were better on validation episodes.
        package var isLearned: Bool
    }

    /// The budgets of every episode.
    package let budget: EpisodeBudget
    /// Ordered by name.
    package private(set) var suites: [Suite] = []

    /// Learns on four fifths of the episodes and plays the rest, over some random splits.
    ///
    /// - Throws: `EstimationError.notEnoughData`.
    package init(
        splitting rows: [EpisodeRow], into splits: Int, budget: EpisodeBudget, pairs: Pairs, seed: UInt64 = 1,
        progress: (_ share: Double, _ stage: String) -> Void
    ) throws(EstimationError) {
        self.budget = budget
        for (name, rows) in Dictionary(grouping: rows, by: \.suite).sorted(by: { $0.key < $1.key }) {
            guard rows.count >= 2 * EpisodeTrainer.leastEpisodes, Set(rows.map(\.sources)).count == 1 else {
                throw .notEnoughData(
                    "\(name): at least \(2 * EpisodeTrainer.leastEpisodes) episodes with the same sources are needed")
            }
            var played: [String: [EpisodeRun]] = [:]
            var learned = 0
            for split in 0..<splits {
                progress(Double(split) / Double(splits), "\(name): split \(split + 1)")
                var random = SeededGenerator(seed: seed &* 7919 &+ UInt64(split))
                let shuffled = rows.shuffled(using: &random)
                let tested = Array(shuffled[..<(rows.count / 5)])
                let training = Array(shuffled[(rows.count / 5)...])
                let world = EpisodeWorld(suite: name, rows: pairs == .all ? rows : training)
                let trainer = EpisodeTrainer(budget: budget, seed: seed &+ UInt64(split))
                let choice = trainer.choice(in: world, rows: training)
                let priced = trainer.constantPrices(in: world, rows: training)
                let fitted = FittedValue(
                    simulation: world.simulation, rows: training, budget: budget, seed: trainer.seed)
                var value = fitted.forest()
                value.multipliers = choice.multipliers
                if choice.isLearned { learned += 1 }
                let own: EpisodePolicy =
                    choice.isLearned ? .learned(value) : choice.plannedReward > choice.pricedReward ? .planned : priced
                for (policy, choice) in Self.baselines(own: own, priced: priced, linear: .learned(fitted.linear())) {
                    played[policy, default: []] += world.play(choice, tested, budget: budget, seed: trainer.seed)
                }
                played["oracle", default: []] += tested.map {
                    EpisodeOracle().run($0, in: world.simulation, budget: budget)
                }
            }
            suites.append(Suite(name: name, figures: Self.figures(played, budget), isLearned: 2 * learned > splits))
        }
    }

    /// Plays episodes by a profile.
    ///
    /// - Throws: `EstimationError.unknown` for a suite that the profile has not.
    package init(
        _ rows: [EpisodeRow], by profile: EpisodeProfile, budget: EpisodeBudget, pairs: Pairs, seed: UInt64 = 1,
        progress: (_ share: Double, _ stage: String) -> Void
    ) throws(EstimationError) {
        self.budget = budget
        for (name, rows) in Dictionary(grouping: rows, by: \.suite).sorted(by: { $0.key < $1.key }) {
            guard let known = profile.suites.first(where: { $0.name == name && $0.sources == rows[0].sources }),
                rows.allSatisfy({ $0.sources == known.sources })
            else { throw .unknown(kind: "suite of episodes", name: name, known: profile.suites.map(\.name)) }
            progress(0, name)
            let world = EpisodeWorld(known, adding: pairs == .all ? rows : [])
            let value = LearnedValue(known)
            // Constant prices of the budgets at hand: chosen on these rows, which flatters the baseline.
            let priced = EpisodeTrainer(budget: budget, seed: seed).constantPrices(in: world, rows: rows)
            let own: EpisodePolicy =
                known.isUsed
                ? .learned(value) : known.validationPlannedReward > known.validationPricedReward ? .planned : priced
            var played: [String: [EpisodeRun]] = [:]
            for (policy, choice) in Self.baselines(own: own, priced: priced, linear: nil) {
                played[policy] = world.play(choice, rows, budget: budget, seed: seed)
            }
            played["oracle"] = rows.map { EpisodeOracle().run($0, in: world.simulation, budget: budget) }
            suites.append(Suite(name: name, figures: Self.figures(played, budget), isLearned: known.isUsed))
        }
    }

    private static func baselines(
        own: EpisodePolicy, priced: EpisodePolicy, linear: EpisodePolicy?
    ) -> [(String, EpisodePolicy)] {
        [
            ("hera", own), ("all local", .local), ("all cloud, text", .cloud(sources: 0)),
            ("all cloud, one source", .cloud(sources: 1)), ("all cloud, all sources", .cloud(sources: nil)),
            ("random", .random), ("greedy", .greedy(isMasked: false)), ("greedy, masked", .greedy(isMasked: true)),
            ("priced", priced), ("planned", .planned),
        ] + (linear.map { [("linear Q", $0)] } ?? [])
    }

    private static let order = [
        "hera", "all local", "all cloud, text", "all cloud, one source", "all cloud, all sources", "random", "greedy",
        "greedy, masked", "priced", "planned", "linear Q", "oracle",
    ]

    private static func figures(_ played: [String: [EpisodeRun]], _ budget: EpisodeBudget) -> [EpisodeFigures] {
        order.compactMap { name in played[name].map { EpisodeFigures(name, $0, budget: budget) } }
    }

    /// The figures as JSON.
    package var json: [UInt8] {
        var writer = JSONWriter(capacity: 1 << 13)
        writer.object { json in
            json.member("simulation", true)
            json.member("budget_s", budget.seconds)
            json.member("budget_usd", budget.dollars)
            json.member(
                "suites",
                array: { list in
                    for suite in suites {
                        list.object { json in
                            json.member("suite", suite.name)
                            json.member("learned", suite.isLearned)
                            json.member(
                                "policies", array: { list in for row in suite.figures { row.write(to: &list) } })
                        }
                    }
                })
        }
        return writer.bytes
    }

    /// A table per suite for the terminal.
    package var table: String {
        suites.map { suite in
            let title =
                "\(suite.name), simulated from logged turns; \(TextTable.fixed(budget.seconds, 0)) s and "
                + "$\(TextTable.fixed(budget.dollars, 3)) an episode; hera is "
                + (suite.isLearned ? "the learned value" : "constant prices or the plan")
            return title + "\n" + TextTable([EpisodeFigures.heading] + suite.figures.map(\.cells)).text
        }.joined(separator: "\n\n")
    }
}

extension LearnedValue {
    /// The value of a profile.
    init(_ suite: EpisodeProfile.Suite) {
        self.init(
            regression: .forest(suite.value), multipliers: suite.multipliers.map { Double($0) },
            scale: EpisodeBudget(seconds: Double(suite.budgetSeconds), dollars: Double(suite.budgetDollars)),
            longest: suite.longest,
            outlook: EpisodeOutlook(
                continuation: suite.continuation.map { Double($0) }, tasks: suite.taskShares.map { Double($0) }))
    }
}
