import ArgumentParser
import Domain
import Estimation
import Routing
import Training

/// `hera plan`: plans a batch of recorded rows on predictions, and compares with the recorded outcomes.
struct PlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Plan a batch of recorded answers under a budget, and compare with the outcomes.",
        discussion: """
            Chooses a model for every row so that the predicted accuracy is greatest and the cost of the whole batch \
            keeps the budget. Only then are the outcomes of the chosen models read. A plan leaves room for costs that \
            were predicted too low: with --confidence 0.95 the true cost stays within the budget in 95 of 100 batches, \
            as far as the profiles estimate their errors correctly. Calls no model.

              hera plan --outcomes answers.jsonl.gz --split validation --budget 0.25

            With --follow the rows run in prepared, each true cost is booked, and the rest is planned again when costs drift \
            from the plan.

            planned     predicted cost of the batch in USD, and predicted mean accuracy
            realised    recorded cost and score of the chosen models
            bound       the predicted accuracy that no plan with the same margin can pass; gap: the distance to it

            Ends with 64 for wrong usage, 65 where the rows or the budget allow no plan, 66 for files that cannot be read.
            """)

    @Option(name: .long, help: "The folder of profiles. Default: Profiles/ here or above the program's folder.")
    var profiles: String?

    @Option(name: .long, parsing: .upToNextOption, help: "Files of recorded answers: plain, .gz, or - for stdin.")
    var outcomes: [String]

    @Option(name: .long, help: "Budget of the whole batch, in USD, for example 0.25.")
    var budget: String

    @Option(name: .long, help: "Probability that the budget is kept: 0.5 (on the predicted cost alone) to below 1.")
    var confidence = 0.95

    @Flag(
        name: .long,
        help: "Run the rows in order and plan the rest again as true costs arrive, like a live batch.")
    var follow = false

    @Option(name: .long, help: "Number of rows, from the first.")
    var rows: Int?

    @Option(name: .long, help: "Only rows of this split, for example validation. Default: all rows.")
    var split: String?

    @Option(name: .long, help: "Output format: text or json.")
    var format: OutputFormat = .text

    func validate() throws {
        if outcomes.isEmpty { throw ValidationError("nothing to plan: give files with --outcomes") }
        guard confidence >= 0.5, confidence < 1 else {
            throw ValidationError("--confidence has to be at least 0.5 and below 1, for example 0.95")
        }
        if let rows, rows < 1 { throw ValidationError("--rows has to be at least 1") }
        do {
            if try Money(usd: budget) < .zero { throw ValidationError("--budget has to be at least 0") }
        } catch let error as MoneyError {
            throw ValidationError("--budget: \(error)")
        }
    }

    func run() async throws {
        try await Exit.mapped {
            try EstimationExit.mapped {
                let bar = ProgressBar()
                defer { bar.clear() }
                let budget = BatchBudget(budget: try Money(usd: self.budget), confidence: confidence)
                bar.show(0, "loading profiles")
                let set = try ProfileSet.load(directory: InstallationOptions.profilesFolder(profiles))
                let recorded = try read(bar)
                bar.show(0.3, "predicting \(recorded.count) rows")
                let batch = RecordedBatch(recorded, profiles: set)
                guard !batch.rows.isEmpty else {
                    throw Exit(
                        65,
                        "no row has a model with a recorded cost and a trained one: train profiles on rows with "
                            + "`cost_usd` (hera train)")
                }
                bar.show(0.7, "planning")
                var plan = try budget.plan(batch)
                let effect = RecordedPlan.effect(
                    of: Double(budget.budget.nanoUSD), on: batch, plan: plan, confidence: confidence)
                if follow { plan.carryOut(batch) }
                let report = PlanReport(batch: batch, budget: budget, plan: plan, effect: effect)
                bar.clear()
                printCaveats(batch)
                print(format == .json ? String(decoding: report.json, as: UTF8.self) : report.text)
            }
        }
    }

    /// Reads the selected rows. Throws exit code 65 without any.
    private func read(_ bar: ProgressBar) throws -> [OutcomeRow] {
        let all = try bar.rows(of: outcomes, at: 0.1, OutcomeRow.read)
        let chosen = split.map { split in all.filter { $0.split.rawValue == split } } ?? all
        guard !chosen.isEmpty else {
            let splits = Set(all.map(\.split.rawValue)).sorted().joined(separator: ", ")
            throw Exit(65, all.isEmpty ? "the files hold no rows" : "no row is of that split; there are: \(splits)")
        }
        return Array(chosen.prefix(rows ?? chosen.count))
    }

    /// Prints caveats on the figures.
    private func printCaveats(_ batch: RecordedBatch) {
        if let first = batch.leftOut.first {
            Exit.printError(
                "\(batch.leftOut.count) rows are left out, for example \(first.id): none of their models has both a "
                    + "recorded cost and a trained profile with costs")
        }
        let trained = batch.rows.count { $0.split == .train }
        if trained > 0 {
            Exit.printError(
                "\(trained) of \(batch.rows.count) rows are marked \"train\"; figures on rows that profiles were fitted "
                    + "on flatter (--split validation leaves them out)")
        }
    }
}
