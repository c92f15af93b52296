import Domain
package import Estimation

/// Learns the value of runs under budgets from recorded episodes.
package struct EpisodeTrainer: Sendable {
    /// The budgets of an episode.
    package var budget: EpisodeBudget
    /// Seed of everything random in training.
    package var seed: UInt64

    package init(budget: EpisodeBudget, seed: UInt64 = 1) {
        self.budget = budget
        self.seed = seed
    }

    /// With fewer training episodes than this, a suite has no learned value.
    static let leastEpisodes = 8
    /// Prices per whole budget that constant prices and multipliers are chosen from.
    static let prices = [0, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2]
    static let multipliers = [0, 0.1, 0.3]

    /// Learns every suite of the rows. Rows of split `train` are fitted; rows of `validation`, or every fifth row where
    /// there are none, choose the multipliers and say whether constant prices are better.
    /// - Throws: `EstimationError.notEnoughData`.
    package func train(
        _ rows: [EpisodeRow], progress: (_ share: Double, _ stage: String) -> Void
    ) throws(EstimationError) -> EpisodeProfile {
        var suites: [EpisodeProfile.Suite] = []
        for (name, rows) in Dictionary(grouping: rows, by: \.suite).sorted(by: { $0.key < $1.key }) {
            progress(0, "\(name): episodes")
            suites.append(try suite(name, rows))
        }
        return EpisodeProfile(suites: suites)
    }

    private func suite(_ name: String, _ rows: [EpisodeRow]) throws(EstimationError) -> EpisodeProfile.Suite {
        let known = rows.filter { $0.split == .train || $0.split == .validation }
        let marked = known.filter { $0.split == .validation }
        let held = Set(
            known.indices.filter { marked.isEmpty ? $0 % 5 == 4 : known[$0].split == .validation })
        let fitted = known.indices.filter { !held.contains($0) }.map { known[$0] }
        guard fitted.count >= Self.leastEpisodes, Set(known.map(\.sources)).count == 1, !held.isEmpty else {
            throw .notEnoughData(
                "\(name): at least \(Self.leastEpisodes) episodes of split train and one more, all with the same sources, "
                    + "are needed")
        }
        let world = EpisodeWorld(suite: name, rows: known)
        let first = fit(in: world, rows: fitted, validation: held.sorted().map { known[$0] })
        // The multipliers are chosen; the value itself profits from all rows.
        var value = FittedValue(simulation: world.simulation, rows: known, budget: budget, seed: seed).forest()
        value.multipliers = first.value.multipliers
        return world.profile(
            name, value, budget: budget, longest: value.longest, reward: first.reward, priced: first.pricedReward)
    }

    /// A value fitted on some episodes, with multipliers chosen on others.
    func fit(
        in world: EpisodeWorld, rows: [EpisodeRow], validation: [EpisodeRow]
    ) -> (value: LearnedValue, reward: Double, pricedReward: Double) {
        var value = FittedValue(simulation: world.simulation, rows: rows, budget: budget, seed: seed).forest()
        var best = -Double.infinity
        var chosen = value.multipliers
        for seconds in Self.multipliers {
            for dollars in Self.multipliers {
                value.multipliers = [seconds, dollars]
                let reward = world.reward(.learned(value), validation, budget: budget)
                if reward > best { (best, chosen) = (reward, value.multipliers) }
            }
        }
        value.multipliers = chosen
        let priced = world.reward(constantPrices(in: world, rows: rows), validation, budget: budget)
        return (value, best, priced)
    }

    /// The constant prices of the greatest reward on some episodes.
    func constantPrices(in world: EpisodeWorld, rows: [EpisodeRow]) -> EpisodePolicy {
        var best: (reward: Double, policy: EpisodePolicy) = (-.infinity, .priced(seconds: 0, dollars: 0))
        for seconds in Self.prices {
            for dollars in Self.prices {
                let policy = EpisodePolicy.priced(seconds: seconds, dollars: dollars)
                let reward = world.reward(policy, rows, budget: budget)
                if reward > best.reward { best = (reward, policy) }
            }
        }
        return best.policy
    }
}

/// A suite's simulation with the means to play episodes in it.
struct EpisodeWorld: Sendable {
    let simulation: EpisodeSimulation
    let sources: [String]

    init(suite: String, rows: [EpisodeRow]) {
        let amounts = EpisodeAmounts(suite: suite, rows: rows)
        sources = rows.first?.sources ?? []
        simulation = EpisodeSimulation(
            rows: rows,
            actions: EpisodeActions(sources: sources.count, seconds: amounts.seconds, dollars: amounts.dollars),
            tasks: Set(rows.flatMap { $0.steps.map(\.task) }).sorted())
    }

    /// The world of a profile.
    init(_ suite: EpisodeProfile.Suite, adding rows: [EpisodeRow]) {
        sources = suite.sources
        let actions = EpisodeActions(
            sources: suite.sources.count, seconds: suite.seconds.map { Double($0) },
            dollars: suite.dollars.map { Double($0) })
        let added = EpisodeSimulation(rows: rows, actions: actions, tasks: suite.tasks).logged
        simulation = EpisodeSimulation(
            actions: actions, tasks: suite.tasks, states: suite.states + added.states,
            taken: suite.actions.map { Int($0) } + added.actions, scores: suite.scores + added.scores)
    }

    /// Plays episodes by a policy.
    func play(_ policy: EpisodePolicy, _ rows: [EpisodeRow], budget: EpisodeBudget, seed: UInt64 = 1) -> [EpisodeRun] {
        var random = SeededGenerator(seed: seed)
        return rows.map { row in
            var run = EpisodeRun(row, in: simulation, budget: budget)
            while !run.isDone {
                let responses = simulation.responses(run.state)
                let action = policy.action(EpisodeView(run, responses: responses), scale: budget, &random)
                run.take(action, responses: responses)
            }
            return run
        }
    }

    /// The mean over episodes of a turn's mean reward.
    func reward(_ policy: EpisodePolicy, _ rows: [EpisodeRow], budget: EpisodeBudget) -> Double {
        EpisodeFigures("", play(policy, rows, budget: budget), budget: budget).reward
    }

    func profile(
        _ name: String, _ value: LearnedValue, budget: EpisodeBudget, longest: Int, reward: Double, priced: Double
    ) -> EpisodeProfile.Suite {
        let logged = simulation.logged
        let places = [0] + (0...sources.count).map { 1 << $0 }
        guard case .forest(let forest) = value.regression else { preconditionFailure("a profile holds trees") }
        return EpisodeProfile.Suite(
            name: name, sources: sources, tasks: simulation.tasks, states: logged.states,
            actions: logged.actions.map { Int32($0) }, scores: logged.scores,
            seconds: places.map { Float(simulation.actions.seconds[$0]) },
            dollars: places.map { Float(simulation.actions.dollars[$0]) },
            continuation: value.outlook.continuation.map { Float($0) },
            taskShares: value.outlook.tasks.map { Float($0) },
            budgetSeconds: Float(budget.seconds),
            budgetDollars: Float(budget.dollars), longest: longest, value: forest,
            multipliers: value.multipliers.map { Float($0) }, validationReward: Float(reward),
            validationPricedReward: Float(priced))
    }
}
