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
    /// there are none, choose the multipliers and say whether constant prices or the plan are better.
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
        let first =
            marked.isEmpty
            ? choice(in: world, rows: known)
            : choice(in: world, parts: [(rows: fitted, validation: held.sorted().map { known[$0] })])
        // The multipliers are chosen; the value itself profits from all rows.
        var value = FittedValue(simulation: world.simulation, rows: known, budget: budget, seed: seed).forest()
        value.multipliers = first.multipliers
        return world.profile(
            name, value, budget: budget, longest: value.longest, reward: first.reward, priced: first.pricedReward,
            planned: first.plannedReward)
    }

    /// Parts that episodes are divided into to choose: each is played by what was fitted on the others.
    static let folds = 3

    /// How a value is used, and how it does beside other policies, on episodes that none of them was fitted on.
    struct Choice {
        var multipliers: [Double] = [0, 0]
        /// Mean reward of the learned value.
        var reward = -Double.infinity
        /// The same of the best constant prices.
        var pricedReward = 0.0
        /// The same of the service's plan.
        var plannedReward = 0.0

        /// Whether the learned value is the best of the three.
        var isLearned: Bool { reward > max(pricedReward, plannedReward) }
    }

    /// The choice over all episodes, each played by what was fitted on other parts.
    func choice(in world: EpisodeWorld, rows: [EpisodeRow]) -> Choice {
        let parts = (0..<Self.folds).map { fold in
            (
                rows: rows.indices.filter { $0 % Self.folds != fold }.map { rows[$0] },
                validation: rows.indices.filter { $0 % Self.folds == fold }.map { rows[$0] }
            )
        }
        return choice(in: world, parts: parts)
    }

    /// The choice over some divisions into episodes to fit on and episodes to play.
    func choice(in world: EpisodeWorld, parts: [(rows: [EpisodeRow], validation: [EpisodeRow])]) -> Choice {
        let settings = Self.multipliers.flatMap { seconds in Self.multipliers.map { [seconds, $0] } }
        var sums = [Double](repeating: 0, count: settings.count)
        var (priced, planned, count) = (0.0, 0.0, 0.0)
        for part in parts where !part.validation.isEmpty {
            var value = FittedValue(simulation: world.simulation, rows: part.rows, budget: budget, seed: seed).forest()
            let weight = Double(part.validation.count)
            for (place, setting) in settings.enumerated() {
                value.multipliers = setting
                sums[place] += weight * world.reward(.learned(value), part.validation, budget: budget)
            }
            let prices = constantPrices(in: world, rows: part.rows)
            priced += weight * world.reward(prices, part.validation, budget: budget)
            planned += weight * world.reward(.planned, part.validation, budget: budget)
            count += weight
        }
        guard count > 0, let best = sums.indices.max(by: { (sums[$0], $1) < (sums[$1], $0) }) else { return Choice() }
        return Choice(
            multipliers: settings[best], reward: sums[best] / count, pricedReward: priced / count,
            plannedReward: planned / count)
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
        _ name: String, _ value: LearnedValue, budget: EpisodeBudget, longest: Int, reward: Double, priced: Double,
        planned: Double
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
            validationPricedReward: Float(priced), validationPlannedReward: Float(planned))
    }
}
