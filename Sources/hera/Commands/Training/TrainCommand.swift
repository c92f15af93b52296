import ArgumentParser
import Domain
import Estimation
import Foundation
import Training

/// `hera train`: profiles from recorded outcomes and runs.
struct TrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train", abstract: "Train profiles from recorded outcomes and agent runs.",
        discussion: """
            Fits on the rows whose "split" is "train". The same files and seed give the same bytes. Files are JSON Lines: \
            plain, .gz, or - for standard input.

            With --scores, models without answers are predicted from published scores. With --prompts too, texts unlike all \
            recorded ones are predicted from their difficulty. --keep-panels trains only these and the gate, in a minute.
            """)

    @Option(name: .long, parsing: .upToNextOption, help: "Files of recorded answers, one query a line.")
    var outcomes: [String] = []

    @Option(name: .long, parsing: .upToNextOption, help: "Files of recorded agent runs, one run a line.")
    var traces: [String] = []

    @Option(name: .long, parsing: .upToNextOption, help: "Files of published scores, such as Catalog/scores.yaml.")
    var scores: [String] = []

    @Option(name: .long, parsing: .upToNextOption, help: "Files of prompts with judged difficulties.")
    var prompts: [String] = []

    @Option(
        name: .long, parsing: .upToNextOption,
        help: "Files of recorded answers that tell how hard texts are, and make no panel.")
    var levels: [String] = []

    @Option(
        name: .long, parsing: .upToNextOption, help: "Files of recorded episodes under budgets, one dialogue a line.")
    var episodes: [String] = []

    @OptionGroup var budget: EpisodeBudgetOptions

    @Flag(name: .long, help: "Keep the panels in the folder, and train only what --scores and --prompts are for.")
    var keepPanels = false

    @Option(name: .long, help: "The folder to write the profiles to.")
    var out: String

    @Option(name: .long, help: "Seed of training. Other seeds give other, equally good profiles.")
    var seed: UInt64 = 1

    func validate() throws {
        if outcomes.isEmpty, traces.isEmpty, episodes.isEmpty {
            throw ValidationError("nothing to train on: give files with --outcomes, --traces or --episodes")
        }
        if !prompts.isEmpty, scores.isEmpty {
            throw ValidationError("--prompts needs --scores, which give the models' abilities")
        }
    }

    func run() throws {
        try EstimationExit.mapped {
            let bar = ProgressBar()
            defer { bar.clear() }
            if !episodes.isEmpty { try trainEpisodes(bar) }
            guard !outcomes.isEmpty || !traces.isEmpty else { return }
            let rows = try bar.rows(of: outcomes, OutcomeRow.read)
            let runs = try bar.rows(of: traces, TraceRow.read)
            let general = GeneralMaterial(
                book: try ScoreBook.read(scores), prompts: try bar.rows(of: prompts, AuthoredPrompt.read),
                levels: try bar.rows(of: levels, OutcomeRow.read))
            var figures: [String] = []
            let profiles =
                keepPanels
                ? try Trainer(seed: seed).refit(
                    try ProfileSet.load(directory: out), outcomes: rows, traces: runs, general: general,
                    report: { figures.append($0.description) })
                : try Trainer(seed: seed).train(
                    outcomes: rows, traces: runs, general: general, report: { figures.append($0.description) },
                    progress: bar.show)
            try profiles.write(to: out)
            bar.clear()
            print(([profiles.summary] + figures).joined(separator: "\n\n"))
        }
    }

    /// Writes the learned value of runs under budgets beside the other profiles.
    private func trainEpisodes(_ bar: ProgressBar) throws {
        let rows = try bar.rows(of: episodes, EpisodeRow.read)
        let profile = try EpisodeTrainer(budget: budget.budget, seed: seed).train(rows, progress: bar.show)
        try FileManager.default.createDirectory(atPath: out, withIntermediateDirectories: true)
        try profile.write(to: out)
        bar.clear()
        print(EpisodeSummary(profile).text)
    }
}
