import ArgumentParser
import Estimation
import Training

/// `hera train`: profiles from recorded outcomes and runs.
struct TrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train", abstract: "Train profiles from recorded outcomes and agent runs.",
        discussion: """
            Fits on the rows whose "split" is "train". The same files and seed give the same bytes. Files are JSON Lines: \
            plain, .gz, or - for standard input.
            """)

    @Option(name: .long, parsing: .upToNextOption, help: "Files of recorded answers, one query a line.")
    var outcomes: [String] = []

    @Option(name: .long, parsing: .upToNextOption, help: "Files of recorded agent runs, one run a line.")
    var traces: [String] = []

    @Option(name: .long, help: "The folder to write the profiles to.")
    var out: String

    @Option(name: .long, help: "Seed of training. Other seeds give other, equally good profiles.")
    var seed: UInt64 = 1

    func validate() throws {
        if outcomes.isEmpty, traces.isEmpty {
            throw ValidationError("nothing to train on: give files with --outcomes or --traces")
        }
    }

    func run() throws {
        try EstimationExit.mapped {
            let bar = ProgressBar()
            defer { bar.clear() }
            var rows: [OutcomeRow] = []
            for path in outcomes {
                bar.show(0, "reading \(path)")
                rows += try OutcomeRow.read(path)
            }
            var runs: [TraceRow] = []
            for path in traces {
                bar.show(0, "reading \(path)")
                runs += try TraceRow.read(path)
            }
            let profiles = try Trainer(seed: seed).train(outcomes: rows, traces: runs, progress: bar.show)
            try profiles.write(to: out)
            bar.clear()
            print(profiles.summary)
        }
    }
}
