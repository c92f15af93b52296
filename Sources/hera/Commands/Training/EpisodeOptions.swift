import ArgumentParser
import Estimation
import Foundation
import Training

/// The budgets of an episode.
struct EpisodeBudgetOptions: ParsableArguments {
    @Option(name: .long, help: "Most seconds of an episode, for --episodes.")
    var budgetS = 30.0

    @Option(name: .long, help: "Most USD of an episode, for --episodes.")
    var budgetUsd = 0.05

    func validate() throws {
        for (name, value) in [("--budget-s", budgetS), ("--budget-usd", budgetUsd)]
        where !value.isFinite || value <= 0 {
            throw ValidationError("\(name) must be a number above 0")
        }
    }

    var budget: EpisodeBudget { EpisodeBudget(seconds: budgetS, dollars: budgetUsd) }
}

/// What `hera evaluate --episodes` reads.
struct EpisodeEvaluationOptions: ParsableArguments {
    @Option(
        name: .long, parsing: .upToNextOption,
        help: "Files of recorded episodes under budgets. Actions that were not logged are simulated.")
    var episodes: [String] = []

    @OptionGroup var budget: EpisodeBudgetOptions

    @Option(
        name: .long,
        help: """
            Learn on four fifths of the episodes and play the rest, over this many random splits. Without it, \
            episodes.profile plays all episodes.
            """)
    var splits: Int?

    @Option(name: .long, help: "Logged turns in the simulation: all, or train for those of training episodes only.")
    var pairs: EpisodeEvaluation.Pairs = .all

    func validate() throws {
        if let splits, !(1...100).contains(splits) { throw ValidationError("--splits must be from 1 to 100") }
    }

    /// - Parameters:
    ///   - profiles: the folder of `episodes.profile`.
    ///   - split: only rows of this split; nil for all.
    func evaluation(profiles: String, split: String?, _ bar: ProgressBar) throws -> EpisodeEvaluation {
        var rows = try bar.rows(of: episodes, EpisodeRow.read)
        if let split { rows = rows.filter { $0.split.rawValue == split } }
        guard !rows.isEmpty else { throw EstimationError.notEnoughData("the files hold no episodes of that split") }
        if let splits {
            return try EpisodeEvaluation(
                splitting: rows, into: splits, budget: budget.budget, pairs: pairs, progress: bar.show)
        }
        let profile = try EpisodeProfile.load(directory: profiles)
        return try EpisodeEvaluation(rows, by: profile, budget: budget.budget, pairs: pairs, progress: bar.show)
    }
}

extension EpisodeEvaluation.Pairs: ExpressibleByArgument {}

/// What was learned from episodes, in words.
struct EpisodeSummary {
    private let profile: EpisodeProfile

    init(_ profile: EpisodeProfile) { self.profile = profile }

    var text: String {
        profile.suites.map { suite in
            let rewards = [suite.validationReward, suite.validationPricedReward].map {
                TextTable.fixed(Double($0), 3)
            }
            return "\(suite.name): \(suite.actions.count) logged turns; simulated reward on validation episodes "
                + "\(rewards[0]) learned, \(rewards[1]) by constant prices; "
                + (suite.isUsed ? "the learned value is used" : "constant prices are used")
        }.joined(separator: "\n")
    }
}
