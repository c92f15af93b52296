/// The learned value of the rest of a run under budgets, by suite of recorded episodes.
///
/// An episode is a dialogue whose turns are answered on the operator's own hardware or at a provider, each with some of
/// the run's sources. The value is that of the turns to come, given what is left of the budgets.
package struct EpisodeProfile: Hashable, Sendable {
    /// One suite's learned value and the logged turns of its simulation.
    package struct Suite: Hashable, Sendable {
        /// The name of the recordings.
        package var name: String
        /// Names of the sources, in the order of the masks' bits.
        package var sources: [String]
        /// Kinds of task, in the order of their indices.
        package var tasks: [String]
        /// Logged turns: the state (see `EpisodeSimulation`), row by row.
        package var states: [Float]
        /// The action of each logged turn.
        package var actions: [Int32]
        /// The score of each logged turn.
        package var scores: [Float]
        /// Seconds of a turn: on the own hardware, then at the provider by number of sources sent.
        package var seconds: [Float]
        /// USD of a turn, in the order of `seconds`.
        package var dollars: [Float]
        /// By turns done, the share of episodes that go on.
        package var continuation: [Float]
        /// By task, its share of the turns.
        package var taskShares: [Float]
        /// Seconds of the budget that the value was learned for.
        package var budgetSeconds: Float
        /// USD of that budget.
        package var budgetDollars: Float
        /// Most turns of a recorded episode.
        package var longest: Int
        /// The expected value of the turns after this one.
        package var value: ValueForest
        /// What a whole budget of seconds and of dollars costs a turn beyond the learned value.
        package var multipliers: [Float]
        /// Mean reward of the learned value on validation episodes.
        package var validationReward: Float
        /// Mean reward of the best constant prices on validation episodes.
        package var validationPricedReward: Float

        /// Mean reward of the service's plan on validation episodes; infinite in profiles that did not compare with it.
        package var validationPlannedReward: Float

        /// Whether the learned value beats constant prices and the plan on validation episodes. Otherwise it is not used.
        package var isUsed: Bool { validationReward > max(validationPricedReward, validationPlannedReward) }

        package init(
            name: String, sources: [String], tasks: [String], states: [Float], actions: [Int32], scores: [Float],
            seconds: [Float], dollars: [Float], continuation: [Float], taskShares: [Float], budgetSeconds: Float,
            budgetDollars: Float, longest: Int,
            value: ValueForest, multipliers: [Float], validationReward: Float, validationPricedReward: Float,
            validationPlannedReward: Float
        ) {
            self.validationPlannedReward = validationPlannedReward
            self.name = name
            self.sources = sources
            self.tasks = tasks
            self.states = states
            self.actions = actions
            self.scores = scores
            self.seconds = seconds
            self.dollars = dollars
            self.continuation = continuation
            self.taskShares = taskShares
            self.budgetSeconds = budgetSeconds
            self.budgetDollars = budgetDollars
            self.longest = longest
            self.value = value
            self.multipliers = multipliers
            self.validationReward = validationReward
            self.validationPricedReward = validationPricedReward
        }
    }

    /// One value for each suite.
    package var suites: [Suite]

    package init(suites: [Suite]) { self.suites = suites }

    /// The name of the file in a folder of profiles.
    package static let fileName = "episodes.profile"
    /// Most sources of a suite: an action is the own hardware or one of 2^5 subsets at the provider.
    package static let mostSources = 5
    /// Turns that a state remembers, this one included.
    package static let window = 5
    /// Most turns of an episode.
    package static let mostTurns = 1000

    /// Numbers of a state: by turn the action before it, the sources sent with that, and the task.
    package static func stateWidth(sources: Int) -> Int { window * (sources + 2) }
}

extension EpisodeProfile {
    /// Writes `episodes.profile` into a folder.
    /// - Throws: `EstimationError.unwritable`.
    package func write(to directory: String) throws(EstimationError) {
        try ProfileFile.write(ProfileFile.encode(.episodes, encoded()), to: "\(directory)/\(Self.fileName)")
    }

    /// Reads `episodes.profile` of a folder.
    /// - Throws: `EstimationError.unreadable`, `.damagedProfile`, `.foreignVersion`.
    package static func load(directory: String) throws(EstimationError) -> EpisodeProfile {
        let path = "\(directory)/\(fileName)"
        return try ProfileFile.decode(try DataFile.read(path), path: path) {
            (kind, reader) throws(ByteReader.Failure) in
            guard kind == .episodes else { throw ByteReader.Failure(reason: "it holds something other than episodes") }
            return try EpisodeProfile(&reader)
        }
    }

    func encoded() -> [UInt8] {
        var writer = ByteWriter()
        writer.put(suites.count)
        for suite in suites {
            writer.put(suite.name)
            writer.put(suite.sources)
            writer.put(suite.tasks)
            writer.put(suite.states)
            writer.put(suite.actions)
            writer.put(suite.scores)
            writer.put(suite.seconds)
            writer.put(suite.dollars)
            writer.put(suite.continuation)
            writer.put(suite.taskShares)
            writer.put([suite.budgetSeconds, suite.budgetDollars])
            writer.put(suite.longest)
            suite.value.write(to: &writer)
            writer.put(suite.multipliers)
            writer.put([suite.validationReward, suite.validationPricedReward, suite.validationPlannedReward])
        }
        return writer.bytes
    }

    init(_ reader: inout ByteReader) throws(ByteReader.Failure) {
        suites = []
        for _ in 0..<(try reader.integer()) { suites.append(try Suite(&reader)) }
    }
}

extension EpisodeProfile.Suite {
    fileprivate init(_ reader: inout ByteReader) throws(ByteReader.Failure) {
        name = try reader.string()
        sources = try reader.strings()
        tasks = try reader.strings()
        states = try reader.array(Float.self)
        actions = try reader.array(Int32.self)
        scores = try reader.array(Float.self)
        seconds = try reader.array(Float.self)
        dollars = try reader.array(Float.self)
        continuation = try reader.array(Float.self)
        taskShares = try reader.array(Float.self)
        let budgets = try reader.array(Float.self)
        longest = try reader.integer()
        value = try ValueForest(&reader)
        multipliers = try reader.array(Float.self)
        let rewards = try reader.array(Float.self)
        guard budgets.count == 2, (2...3).contains(rewards.count), multipliers.count == 2 else {
            throw ByteReader.Failure(reason: "its figures are not as many as they should be")
        }
        (budgetSeconds, budgetDollars) = (budgets[0], budgets[1])
        (validationReward, validationPricedReward) = (rewards[0], rewards[1])
        validationPlannedReward = rewards.count > 2 ? rewards[2] : .greatestFiniteMagnitude
        let features = RunFeatures.width(sources: sources.count, tasks: tasks.count)
        guard value.trees.isEmpty || value.width == features else {
            throw ByteReader.Failure(reason: "the value of a suite of episodes reads other features")
        }
        let width = EpisodeProfile.stateWidth(sources: sources.count)
        let numbers = [states, scores, seconds, dollars, continuation, taskShares, budgets, multipliers, rewards]
        guard sources.count <= EpisodeProfile.mostSources, !actions.isEmpty, scores.count == actions.count,
            states.count == actions.count * width, seconds.count == sources.count + 2, dollars.count == seconds.count,
            actions.allSatisfy({ $0 >= 0 && $0 <= 1 << Int32(sources.count) }),
            numbers.allSatisfy({ $0.allSatisfy(\.isFinite) }), (budgets + seconds + dollars).allSatisfy({ $0 >= 0 }),
            taskShares.count == tasks.count, (1...EpisodeProfile.mostTurns).contains(longest),
            continuation.count <= EpisodeProfile.mostTurns + 1
        else { throw ByteReader.Failure(reason: "the parts of a suite of episodes do not fit together") }
    }
}
