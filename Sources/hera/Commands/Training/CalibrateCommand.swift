import ArgumentParser
import Domain
import Estimation
import Foundation
import Training

/// `hera calibrate`: the dial's curve on recorded answers.
struct CalibrateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "calibrate", abstract: "Show what each setting of max_loss costs, keeps and chooses.",
        discussion: """
            Routes recorded answers by the live rule at several settings of max_loss. Each line gives the cost as a \
            share of the best single model's, the accuracy with its 95 % interval, and the models that answered.

              hera calibrate --outcomes answers.jsonl.gz --split validation
              hera calibrate --outcomes answers.jsonl.gz --models gpt-4o-2024-08-06 gemini-1.5-flash

            --write fits the prices of the dial on the rows of split validation and stores them beside the profiles.
            """)

    @Option(name: .long, help: "The folder of profiles. Default: Profiles/ here or above the program's folder.")
    var profiles: String?

    @Option(name: .long, parsing: .upToNextOption, help: "Files of recorded answers: plain, .gz, or - for stdin.")
    var outcomes: [String]

    @Option(name: .long, help: "Only rows of this split, for example validation. Default: all rows.")
    var split: String?

    @Option(name: .long, parsing: .upToNextOption, help: "Only these models of the rows. Default: all of them.")
    var models: [String] = []

    @Option(name: .long, help: "A policy: a JSON object, or a JSON or YAML file with one. Its max_loss is replaced.")
    var policy: String?

    @Flag(name: .long, help: "Fit the dial on the rows of split validation and write dial.profile.")
    var write = false

    @Option(name: .long, help: "Draw the dial into this SVG file.")
    var plot: String?

    @Option(name: .long, help: "Output format: text or json.")
    var format: OutputFormat = .text

    func validate() throws {
        if outcomes.isEmpty { throw ValidationError("nothing to calibrate on: give files with --outcomes") }
    }

    func run() throws {
        try EstimationExit.mapped {
            let bar = ProgressBar()
            defer { bar.clear() }
            let policy = try self.policy.map { try PolicyArgument.read($0) } ?? Policy()
            bar.show(0, "loading profiles")
            let folder = InstallationOptions.profilesFolder(profiles)
            var set = try ProfileSet.load(directory: folder)
            var rows: [OutcomeRow] = []
            for path in outcomes {
                bar.show(0, "reading \(path)")
                rows += try OutcomeRow.read(path)
            }
            if write {
                set.dial = DialTrainer().fit(set, outcomes: rows) { bar.show(0.5, "\($0): dial") }
                try set.dial.write(to: folder)
            }
            if let split { rows = rows.filter { $0.split.rawValue == split } }
            guard !rows.isEmpty else {
                throw Exit(65, "the files hold no rows" + (split.map { " of split \($0)" } ?? ""))
            }
            let unknown = models.filter { name in !rows.contains { $0.outcomes[name] != nil } }
            if let first = unknown.first {
                let known = Set(rows.flatMap(\.outcomes.keys)).sorted().joined(separator: ", ")
                throw Exit(65, "no row has an answer of \(first); there are: \(known)")
            }
            let report = DialReport(
                rows, profiles: set, policy: policy, models: models.isEmpty ? nil : Set(models), progress: bar.show)
            bar.clear()
            let trained = rows.filter { $0.split == .train }.count
            if trained > 0 {
                Exit.printError(
                    "\(trained) of \(rows.count) rows are marked \"train\"; figures on rows that profiles were fitted on "
                        + "flatter (--split validation leaves them out)")
            }
            if let plot { try DialPlot(report).write(to: plot) }
            print(format == .json ? String(decoding: report.json, as: UTF8.self) : report.table)
        }
    }
}
