import ArgumentParser
import Domain
import Estimation
import Foundation
import JSON
import Training

/// `hera profile`: infers a new model's profile from few answers, recorded or live.
struct ProfileCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "profile", abstract: "Infer a new model's profile from a few of its answers.",
        discussion: """
            From recorded answers: chooses the most informative questions of the file, reads the new model's outcomes for these \
            alone, and infers its profile through the models already known. The file has to hold outcomes of some of those \
            for the same questions.

              hera profile my-model --outcomes answers.jsonl.gz --probes 64

            From a live model (--live): asks it questions of the probe suite (Profiles/probes), grades the answers, and \
            infers its profile from what the known models are predicted to make of the same questions. MODEL is a model of \
            the catalog, or the name that a local server knows it by, with --server.

              hera profile local/smollm2-135m --live --probes 64
              hera profile qwen3:4b --live --server http://127.0.0.1:11434/v1
              hera profile openai/gpt-4.1-mini --live --budget 0.25

            From published scores (--scores): a YAML file in the form of Catalog/scores.yaml. Scores and --live go together: \
            answers then refine what the scores say.

              hera profile my-model --scores my-scores.yaml

            Every call is booked in the ledger, and --budget is a hard limit. Answers are stored next to the profile as they \
            arrive, so an interrupted run goes on where it stopped, and a finished one sends nothing again. Then name the \
            profile in the model's entry of the catalog (profile: NAME), as the command prints.
            """)

    @Argument(help: "The new model: its name in the file, or with --live in the catalog or at the server.")
    var model: String

    @Option(name: .long, parsing: .upToNextOption, help: "Files of recorded answers, the new model's among them.")
    var outcomes: [String] = []

    @Option(name: .long, help: "A file of published scores, with the model's name under `models`.")
    var scores: String?

    @Flag(name: .long, help: "Probe the live model.")
    var live = false

    @Option(name: .long, help: "Number of answers to read or request.")
    var probes: Int = 64

    @Option(name: .long, help: "The folder to write to. Default: the folder of profiles.")
    var out: String?

    @Option(name: .long, help: "Seed for the choice of questions.")
    var seed: UInt64 = 1

    @OptionGroup(title: "Live models") var probeRun: ProbeRunOptions
    @OptionGroup var installation: InstallationOptions
    @OptionGroup var database: DatabaseOption

    func validate() throws {
        if live, !outcomes.isEmpty {
            throw ValidationError("give either --live, to ask the model, or --outcomes, to read recorded answers")
        }
        if !live, outcomes.isEmpty, scores == nil {
            throw ValidationError(
                "nothing to infer from: give --live to ask the model, files with --outcomes, or --scores")
        }
        if scores != nil, !outcomes.isEmpty {
            throw ValidationError("give either --scores or --outcomes: recorded answers tell more than scores")
        }
        if probeRun.maxTokens < 1 { throw ValidationError("--max-tokens must be at least 1") }
    }

    func run() async throws {
        try await Exit.mapped {
            do {
                if live {
                    try await LiveProfiling(command: self).run()
                } else if scores != nil {
                    try inferFromScores()
                } else {
                    try infer()
                }
            } catch let error as EstimationError {
                throw Exit(EstimationExit.code(error), error.description)
            }
        }
    }

    /// The model's published record in the file of `--scores`; nil without that option.
    /// - Throws: `Exit` with every error of the file, or where it does not know the model.
    func publishedRecord() throws -> PublishedRecord? {
        guard let scores else { return nil }
        let book = try ScoreBook.read([scores])
        guard let record = book.record(named: model), !record.scores.isEmpty else {
            let hint = Spelling.closest(to: model, among: book.records.keys.sorted()).map { ": did you mean '\($0)'?" }
            throw Exit(65, "\(scores) has no scores of '\(model)'\(hint ?? "")")
        }
        return record
    }

    /// Infers the profile from published scores.
    private func inferFromScores() throws {
        let folder = installation.profilesFolder
        let known = try ProfileSet.load(directory: folder)
        guard let record = try publishedRecord() else { return }
        let prober = LiveProber(known)
        guard let scale = known.ability else {
            throw Exit(
                65, "\(folder) has no ability.profile, by which scores are read: make it with `hera train --scores`")
        }
        guard let ability = scale.ability(of: record) else {
            throw Exit(65, "none of the scores of '\(model)' tells general ability: add its eci, for example")
        }
        let name = probeRun.name ?? model
        if prober.hasMeasured(ModelID(name)) {
            throw Exit(65, "\(name) has a profile from recorded answers already; --name OTHER makes another beside it")
        }
        let profile = prober.profile(name, [], record: record)
        let path = try ProfileSet.write(profile, to: out ?? folder)
        print(
            "\(name): ability \(TextTable.fixed(ability.points, 1)), give or take \(TextTable.fixed(ability.deviation, 1))"
        )
        for contradiction in scale.contradictions(in: record) {
            print(
                "  \(contradiction.evidence.score.benchmark) says \(TextTable.fixed(contradiction.evidence.points, 0)), "
                    + "the other scores \(TextTable.fixed(contradiction.others.points, 0))")
        }
        for expectation in prober.expectations(profile) {
            print("  \(expectation.suite): expected \(TextTable.fixed(expectation.share * 100, 1)) % good answers")
        }
        print("written: \(path)")
    }

    /// Infers the profile from recorded answers.
    private func infer() throws {
        let bar = ProgressBar()
        defer { bar.clear() }
        bar.show(0, "loading profiles")
        let folder = installation.profilesFolder
        let known = try ProfileSet.load(directory: folder)
        let rows = try bar.rows(of: outcomes, at: 0.2, OutcomeRow.read).filter { $0.split == .train }
        bar.show(0.6, "choosing questions")
        let found = try Prober(seed: seed).profile(model, rows: rows, probes: probes, known: known)
        try found.profiles.write(to: out ?? folder)
        bar.clear()
        print(found.profiles.describe(model))
    }
}

/// Options of a live probe run.
struct ProbeRunOptions: ParsableArguments {
    @Option(name: .long, help: "A server on this machine that is in no catalog, such as http://127.0.0.1:11434/v1.")
    var server: String?

    @Option(name: .long, help: "Most that the probes may cost, in USD, together with earlier runs for this profile.")
    var budget: String?

    @Option(name: .long, help: "The profile's name. Default: the one in the catalog, or the model's own.")
    var name: String?

    @Option(
        name: .long, help: "The probes: a folder of .jsonl files, or one. Default: probes/ in the folder of profiles.")
    var suite: String?

    @Option(name: .long, help: "Longest answer, in tokens. A truncated answer is graded as it is.")
    var maxTokens = 512

    @Flag(
        name: .long,
        help: """
            Also send probes for code, and run the answers here against tests (python3, 5 s, 512 MB). That is no sandbox: \
            use it only for models that you trust not to write hostile code.
            """)
    var allowCode = false
}
