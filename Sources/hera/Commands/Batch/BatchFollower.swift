import Batches
import Calls
import Domain
import Foundation
import Ledger
import ServiceLifecycle
import Steps
import Synchronization

/// Runs a batch from its input to its results and shows its progress.
final class BatchFollower: Service {
    /// The state of the run.
    private struct State {
        var exit: Exit?
        var intake: BatchIntake?
        var ending = BatchOutcome.stopped
        var progress = BatchProgress()
        var hasStarted = false
    }

    private let services: AppServices
    private let id: String
    private let bytes: [UInt8]
    private let terms: BatchOptions
    private let files: BatchFiles
    private let retriesFailed: Bool
    private let format: OutputFormat
    private let started = ContinuousClock.now
    private let state = Mutex(State())

    init(
        services: AppServices, id: String, bytes: [UInt8], terms: BatchOptions, files: BatchFiles, retriesFailed: Bool,
        format: OutputFormat
    ) {
        self.services = services
        self.id = id
        self.bytes = bytes
        self.terms = terms
        self.files = files
        self.retriesFailed = retriesFailed
        self.format = format
    }

    func run() async throws {
        do {
            try await work()
        } catch {
            state.withLock { $0.exit = Exit(ofBatch: error) }
        }
    }

    private func work() async throws {
        await services.prober.probe()
        let intake = try await openBatch()
        state.withLock { $0.intake = intake }
        for fault in intake.faults.prefix(5) { Exit.printError("line \(fault.line): \(fault.message)") }
        if intake.faults.count > 5 { Exit.printError("\(intake.faults.count - 5) more lines are wrong") }
        let bar = BatchBar()
        defer { bar.clear() }
        let runner = BatchRunner(
            stepService: services.stepService, batch: intake.batch, terms: terms, caller: Caller()
        ) { [self] progress in
            state.withLock { $0.progress = progress }
            bar.show(progress)
        }
        let prepared = try await runner.prepare()
        try await printForecast(prepared, runner)
        state.withLock { $0.hasStarted = true }
        let ending = try await runner.run(prepared)
        state.withLock { $0.ending = ending }
    }

    /// Opens the existing batch or creates it, and claims it for this process.
    private func openBatch() async throws -> BatchIntake {
        let ledger = services.stepService.ledger
        let now = Timestamp.now()
        if try await ledger.read({ [id] in try $0.batch(id) }) == nil {
            do {
                // A batch without an input file belongs to this command, so services on the same ledger ignore it.
                try await ledger.write { [id, terms] in
                    try $0.saveBatch(
                        BatchRecord(
                            id: id, status: .inProgress, endpoint: BatchReader.endpoint, metadata: Array("{}".utf8),
                            state: BatchState(terms: terms).json, attribution: Attribution(batch: id), createdAt: now,
                            updatedAt: now))
                }
            } catch {
                // The same command may have been started at the same moment.
                guard case .leaseLost = error else { throw error }
            }
        }
        guard var batch = try await services.claimBatch(id) else {
            throw Exit(75, "another process works on this batch: run the same command when it has ended")
        }
        if batch.status != .inProgress {
            // Only a batch in progress can be held, so an ended one is reopened first.
            batch.status = .inProgress
            try await ledger.write { [batch] in try $0.saveBatch(batch) }
        }
        if retriesFailed { try await ledger.write { [id] in try $0.reopenRows(ofBatch: id) } }
        var rest = bytes[...]
        let stepService = services.stepService
        return try await BatchIntake.importRows(
            of: batch, into: stepService.ledger, limits: stepService.settings.limits
        ) { () -> [UInt8]? in
            defer { rest = rest.dropFirst(1 << 20) }
            return rest.isEmpty ? nil : Array(rest.prefix(1 << 20))
        }.checked()
    }

    /// Prints what the budget buys. Throws exit code 65 where it is insufficient and nothing shall start.
    private func printForecast(_ prepared: BatchRunner.Prepared, _ runner: BatchRunner) async throws {
        let forecast = prepared.forecast
        if prepared.completedBefore > 0 {
            Exit.printError("\(prepared.completedBefore) of \(prepared.rows) rows are done")
        }
        for line in forecast.lines { Exit.printError(line) }
        if prepared.elsewhere > 0 {
            Exit.printError("another process works on \(prepared.elsewhere) rows of this batch")
        }
        if !prepared.groups.isEmpty {
            let rows = prepared.groups.reduce(0) { $0 + $1.open }
            Exit.printError("\(rows) rows are at their models' providers; their answers are fetched first")
            return
        }
        guard forecast.rows > 0, !forecast.sufficesForAll else { return }
        if forecast.affordable == 0 || terms.ifShort == .refuse {
            try await runner.release(prepared)
            let advice = forecast.affordable == 0 ? "" : ", or say --if-short cheapest or best"
            throw Exit(65, "nothing was started: raise --budget\(advice)")
        }
    }

    // MARK: The end

    /// Writes the results from the ledger and prints the summary. To be called after all services have ended.
    func conclude() async -> Exit? {
        let (exit, intake, ending, progress, hasStarted) = state.withLock {
            ($0.exit, $0.intake, $0.ending, $0.progress, $0.hasStarted)
        }
        guard let intake, hasStarted else { return exit ?? Exit(75, "stopped before anything was started") }
        do {
            // The heartbeat service has ended, and large files take long to write.
            let lease = max(60, services.stepService.settings.limits.leaseSeconds)
            try? await services.stepService.ledger.heartbeat(leaseSeconds: lease)
            let count = try await write(intake, ending)
            let isDone = count.failed + count.malformed + count.notDone == 0
            let status = exit == nil ? ending : .stopped
            try await release(intake.batch, isDone: isDone && exit == nil)
            let summary = BatchSummary(
                id: id, ending: status, count: count, spent: try await spent(), budget: terms.budget,
                accuracy: progress.accuracy, seconds: started.duration(to: .now) / .seconds(1), files: files)
            switch format {
            case .json: print(String(decoding: summary.json, as: UTF8.self))
            case .text: files.out == "-" ? Exit.printError(summary.text) : print(summary.text)
            }
            return exit ?? summary.exit
        } catch {
            return Exit(ofBatch: error)
        }
    }

    private func write(_ intake: BatchIntake, _ ending: BatchOutcome) async throws -> BatchOutput.Count {
        let output = BatchOutput(batch: id, faults: intake.faults, ending: ending)
        let answers = files.out == "-" ? nil : try AtomicFile(files.out)
        var errors: AtomicFile?
        let count: BatchOutput.Count
        do {
            count = try await output.write(from: services.stepService.ledger) { line in
                if let answers { try answers.write(line) } else { try Self.write(line, to: .standardOutput) }
            } errors: { line in
                guard let path = files.errors else { return try Self.write(line, to: .standardError) }
                if errors == nil { errors = try AtomicFile(path) }
                try errors?.write(line)
            }
        } catch {
            answers?.discard()
            errors?.discard()
            throw error
        }
        try answers?.finish()
        if let errors {
            try errors.finish()
        } else if let path = files.errors {
            // The errors of an earlier run are resolved.
            try? FileManager.default.removeItem(atPath: path)
        }
        return count
    }

    private static func write(_ line: [UInt8], to stream: FileHandle) throws(Exit) {
        do {
            try stream.write(contentsOf: Data(line))
        } catch {
            throw Exit(
                74, "cannot write the results: \(error.localizedDescription); the same command writes them again")
        }
    }

    /// Releases the batch.
    private func release(_ batch: BatchRecord, isDone: Bool) async throws {
        var batch = batch
        batch.status = isDone ? .completed : .cancelled
        batch.updatedAt = .now()
        try await services.stepService.ledger.write { [batch] in try $0.saveBatch(batch) }
        try await services.stepService.ledger.write { [batch] in try $0.returnBatch(batch) }
    }

    private func spent() async throws -> Money {
        let budgets = try await services.stepService.ledger.read { [id] in try $0.budgets(of: [.batch(id)], at: .now())
        }
        return Money(nanoUSD: budgets.first { $0.budget.limit.unit == .usd && $0.budget.window == .none }?.spent ?? 0)
    }

}
