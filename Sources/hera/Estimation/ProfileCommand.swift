import ArgumentParser
import Estimation

/// `hera profile`: a profile for a new model from few of its answers.
struct ProfileCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "profile", abstract: "Infer a new model's profile from a few of its answers.",
        discussion: """
            Chooses the most telling questions of the file, reads the new model's outcomes for these alone, and infers its \
            profile through the models already known. The file has to hold outcomes of some of those for the same \
            questions.
            """)

    @Argument(help: "The new model's name in the file.")
    var model: String

    @Option(name: .long, parsing: .upToNextOption, help: "Files of recorded answers, the new model's among them.")
    var outcomes: [String]

    @Option(name: .long, help: "How many of the new model's answers may be read.")
    var probes: Int = 64

    @Option(name: .long, help: "The folder of profiles to infer from.")
    var profiles: String = "Profiles"

    @Option(name: .long, help: "The folder to write to. Default: the same.")
    var out: String?

    @Option(name: .long, help: "Another seed may choose other questions.")
    var seed: UInt64 = 1

    func run() throws {
        try EstimationExit.mapped {
            let bar = ProgressBar()
            defer { bar.clear() }
            bar.show(0, "loading profiles")
            let known = try ProfileSet.load(directory: profiles)
            var rows: [OutcomeRow] = []
            for path in outcomes {
                bar.show(0.2, "reading \(path)")
                rows += try OutcomeRow.read(path).filter { $0.split == .train }
            }
            bar.show(0.6, "choosing questions")
            let found = try Prober(seed: seed).profile(model, rows: rows, probes: probes, known: known)
            try found.profiles.write(to: out ?? profiles)
            bar.clear()
            print(found.profiles.describe(model))
        }
    }
}
