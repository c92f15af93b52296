import ArgumentParser
import Batches
import Calls
import Domain
import Foundation
import Ledger
import Steps

extension ShortfallRule: ExpressibleByArgument {}

/// `hera batch`: many requests under one budget.
struct BatchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "batch", abstract: "Answer a file of requests under a budget.",
        discussion: """
            The input is OpenAI's batch file: one {"custom_id", "method": "POST", "url": "/v1/chat/completions", "body"} a \
            line, plain, .gz or - for standard input. All rows are planned together for the greatest \
            predicted accuracy within the budget, which is printed before anything is spent.

              hera batch questions.jsonl --budget 0.50 --out answers.jsonl

            After any stop, kill -9 included, the same command goes on, and no row is paid for twice. The budget is a hard \
            limit. Input, --model and --run identify a batch; a larger --budget goes on with the rows that a smaller one \
            left. Malformed lines, and rows without an answer, are in the errors file.

            Where service_tiers of the policy names batch, rows go to their model's provider as a batch of its own, at its \
            lower price, unless --deadline leaves less than a day. If the command stops meanwhile, the provider goes on: \
            the same command fetches the answers, and hera batches cancel ends them. With --deadline, the \
            command waits for a used-up budget window that renews before the deadline; without, it ends.

            Ends with 0 when every row has its answer, 70 when some are in the errors file, 75 when it was stopped, 65 when \
            the money or the input allow no start, 64 and 66 for wrong usage and files that cannot be read, 74 when results \
            cannot be written.
            """)

    @Argument(help: "The requests (JSON Lines, plain or .gz; - for standard input).")
    var input: String

    @Option(name: .long, help: "Most that all rows together may cost, in USD, for example 0.50.")
    var budget: String

    @Option(name: .long, help: "File for the answers; - for standard output.")
    var out: String

    @Option(name: .long, help: "File for the errors. Default: OUT with the ending .errors.jsonl.")
    var errors: String?

    @Option(name: .long, help: "Seconds after which no further row starts.")
    var deadline: Double?

    @Option(
        name: .long,
        help: """
            If the budget is too small for all rows: refuse (start nothing), cheapest (as many rows as it pays for), best \
            (as many as it pays for, each on its best model). Default: the policy's on_infeasible.
            """)
    var ifShort: ShortfallRule?

    @Option(
        name: .long, help: "Replaces each row's model: hera, hera/POLICY or a model of the catalog.")
    var model: String?

    @Option(name: .long, help: "Most calls in parallel. A model's slots limit its share.")
    var concurrency = BatchOptions.standardConcurrency

    @Option(name: .long, help: "Probability that the plan keeps the budget: 0.5 (on predicted costs alone) to below 1.")
    var confidence = BatchOptions.standardConfidence

    @Option(name: .long, help: "Least mean predicted accuracy of the answered rows, 0 to 1.")
    var minAccuracy: Double?

    @Option(
        name: .customLong("energy"), help: "Most energy of all rows together on the operator's hardware, in joules.")
    var energyJoules: Double?

    @Option(name: .customLong("run"), help: "Name that distinguishes runs of the same input.")
    var runName = ""

    @Flag(name: .long, help: "Retry rows that ended with an error before.")
    var retryFailed = false

    @Option(name: .long, help: "Format of the final summary: text or json.")
    var format: OutputFormat = .text

    @OptionGroup var installation: InstallationOptions
    @OptionGroup var database: DatabaseOption

    func validate() throws {
        guard confidence >= 0.5, confidence < 1 else {
            throw ValidationError("--confidence has to be at least 0.5 and below 1, for example 0.95")
        }
        guard (1...1024).contains(concurrency) else { throw ValidationError("--concurrency has to be 1 to 1024") }
        if let deadline, !(deadline > 0) { throw ValidationError("--deadline has to be above 0 seconds") }
        if let minAccuracy, !(0...1).contains(minAccuracy) { throw ValidationError("--min-accuracy has to be 0 to 1") }
        if let energyJoules, !(energyJoules > 0) { throw ValidationError("--energy has to be above 0 joules") }
        do {
            guard try Money(usd: budget) > .zero else { throw ValidationError("--budget has to be above 0") }
        } catch let error as MoneyError {
            let hint = budget.contains { $0.isLetter } ? "; amounts are in USD, as a plain number" : ""
            throw ValidationError("--budget: \(error)\(hint)")
        }
        if out == "-", format == .json {
            throw ValidationError("--out - and --format json would mix on standard output")
        }
    }

    func run() async throws {
        try await Exit.mapped {
            let files = BatchFiles(input: input, out: out, errors: errors)
            try files.check()
            let services = try await AppServices(
                installation: installation, database: database, logger: Installation.logger())
            var terms = BatchOptions(
                budget: try Money(usd: budget), deadline: deadline.map { Timestamp.now().advanced(bySeconds: $0) },
                ifShort: ifShort ?? ShortfallRule(services.stepService.settings.defaultPolicy.onInfeasible),
                model: model,
                concurrency: concurrency, confidence: confidence)
            terms.minAccuracy = minAccuracy
            terms.energyJoules = energyJoules
            let bytes = try files.read(atMost: services.stepService.settings.limits.fileBytes)
            var identity = BatchIdentity(options: [model ?? "", runName])
            identity.update(bytes)
            try await services.bookInterruptedCalls()
            let follower = BatchFollower(
                services: services, id: identity.id, bytes: bytes, terms: terms, files: files,
                retriesFailed: retryFailed,
                format: format)
            await services.run(follower)
            let exit = await follower.conclude()
            await services.stepService.ledger.close()
            if let exit { throw exit }
        }
    }
}
