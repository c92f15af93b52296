import ArgumentParser
import Domain
import Estimation
import Foundation
import Routing
import Training

/// `hera evaluate`: quality of predictions and routing on recorded outcomes.
struct EvaluateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate", abstract: "Measure predictions and routing on recorded outcomes and agent runs.",
        discussion: """
            Replays every row of the files through the same estimators that the service uses. A row's outcomes are seen \
            only after its model was chosen and paid.

            With --policy the rows go through the live rule, one by one, as calls under that policy. What that \
            cost and scored is listed as `rule`, next to the same rows on the reference model.

              hera evaluate --outcomes answers.jsonl.gz --policy '{"kappa": {"base": 0.8}}'
            """)

    /// The output format.
    enum Format: String, ExpressibleByArgument, CaseIterable {
        case table, json
    }

    @Option(name: .long, help: "The folder of profiles. Default: the shipped one (`hera paths` says where).")
    var profiles: String?

    @Option(name: .long, parsing: .upToNextOption, help: "Files of recorded answers.")
    var outcomes: [String] = []

    @Option(name: .long, parsing: .upToNextOption, help: "Files of recorded agent runs.")
    var traces: [String] = []

    @OptionGroup var episodes: EpisodeEvaluationOptions

    @Option(name: .long, help: "Only rows of this split, for example validation. Default: all rows.")
    var split: String?

    @Option(
        name: .long,
        help: """
            Baselines to compare with, separated by commas: best-single, random-mix, knn, hybridllm-det, hybridllm-prob, \
            hybridllm-trans, frugal-cascade, or all. They are fitted on the files' rows of split train.
            """)
    var router: String?

    @Option(
        name: .long,
        help: """
            Also predict every model of a suite as if it were new: from its published general ability (ability), from all its \
            published scores (scores), from its score on the suite (suite), or from K answers (probes:K). Scores and answers \
            are taken from --scores and from the files' rows of split train.
            """)
    var asNew: String?

    @Option(
        name: .long, parsing: .upToNextOption,
        help: "Published scores for --as-new. Default: scores/panels.yaml in the folder of profiles.")
    var scores: [String] = []

    @Option(name: .long, help: "A policy: a JSON object, or a JSON or YAML file with one (docs/reference/policy.md).")
    var policy: String?

    @Option(name: .long, help: "Draw cost against accuracy into this SVG file.")
    var plot: String?

    @Option(name: .long, help: "How to print: table or json.")
    var format: Format = .table

    func validate() throws {
        if outcomes.isEmpty, traces.isEmpty, episodes.episodes.isEmpty {
            throw ValidationError("nothing to measure on: give files with --outcomes, --traces or --episodes")
        }
    }

    func run() throws {
        try EstimationExit.mapped {
            let bar = ProgressBar()
            defer { bar.clear() }
            if !episodes.episodes.isEmpty {
                let evaluation = try episodes.evaluation(
                    profiles: InstallationOptions.profilesFolder(profiles), split: split, bar)
                bar.clear()
                print(format == .json ? String(decoding: evaluation.json, as: UTF8.self) : evaluation.table)
            }
            guard !outcomes.isEmpty || !traces.isEmpty else { return }
            let routers = try (router == "all" ? BaselineRouter.allCases.map(\.rawValue) : names(router))
                .map { try BaselineRouter.named($0) }
            let policy = try self.policy.map { try PolicyArgument.read($0) }
            bar.show(0, "loading profiles")
            let set = try ProfileSet.load(directory: InstallationOptions.profilesFolder(profiles))
            let dayZero = try asNew.map { try dayZeroReplay($0, profiles: set) }
            var rows = try bar.rows(of: outcomes, OutcomeRow.read)
            var runs = try bar.rows(of: traces, TraceRow.read)
            let training = routers.isEmpty && dayZero == nil ? [] : rows.filter { $0.split == .train }
            if let split {
                rows = rows.filter { $0.split.rawValue == split }
                runs = runs.filter { $0.split.rawValue == split }
            }
            let evaluation = Evaluation(
                outcomes: rows, traces: runs, profiles: set, routers: routers, training: training, dayZero: dayZero,
                policy: policy.map { RecordedRouting(policy: $0, profiles: set).figures }, progress: bar.show)
            bar.clear()
            let trained = rows.filter { $0.split == .train }.count + runs.filter { $0.split == .train }.count
            if trained > 0 {
                StandardError.write(
                    "note: \(trained) of \(rows.count + runs.count) rows are marked \"train\"; figures on rows that profiles were "
                        + "fitted on flatter (--split validation leaves them out)\n")
            }
            for suite in evaluation.outcomes {
                guard let routed = suite.routed, let refusal = routed.refusal else { continue }
                Exit.printError(
                    "\(suite.suite): the policy refused \(routed.refused) of \(suite.rows) rows: \(refusal)")
            }
            if let plot { try CurvePlot(evaluation.outcomes).write(to: plot) }
            switch format {
            case .json: print(String(decoding: evaluation.json, as: UTF8.self))
            case .table: print(evaluation.table)
            }
        }
    }

    private func dayZeroReplay(_ knowledge: String, profiles set: ProfileSet) throws -> DayZeroReplay {
        let knowledge = try DayZeroKnowledge(knowledge)
        let panels = InstallationOptions.profilesFolder(profiles) + "/scores/panels.yaml"
        let book = try ScoreBook.read(scores.isEmpty ? [panels] : scores)
        return DayZeroReplay(profiles: set, book: book, knowledge: knowledge)
    }

    private func names(_ list: String?) -> [String] {
        (list ?? "").split(separator: ",").map(String.init)
    }
}
