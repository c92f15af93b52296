import Calls
import Domain
import JSON
import Ledger
import Routing
import Steps

/// Runs one batch from its input file to its result files. Every stage is resumable: after a kill the next owner
/// continues from the state in the ledger.
struct ServedBatch: Sendable {
    enum End: Hashable, Sendable {
        /// The batch has ended or another node holds it.
        case over
        /// The batch has to be claimed again.
        case unfinished
    }

    let stepService: StepService
    let stop: BatchStopSignal
    let snapshot: BatchSnapshot

    func run(_ record: BatchRecord) async throws -> End {
        var batch = record
        var state = BatchState(json: record.state) ?? BatchState(terms: BatchOptions(budget: nil))
        if batch.status == .cancelling { stop.request(.cancelled) }
        if state.ending == nil {
            if stop.reason == nil, batch.status == .validating {
                guard try await importRows(&batch, &state) else { return .over }
            }
            guard let ending = try await work(&batch, &state) else { return .over }
            switch ending {
            case .stopped, .elsewhere: return stop.reason == .lost ? .over : .unfinished
            case .finished, .cancelled, .forbidden, .shortOfMoney, .late: state.ending = ending
            }
        }
        try await finalize(&batch, &state)
        return .over
    }

    // MARK: Validating

    /// Imports the lines of the input file as rows; false where the batch has failed.
    private func importRows(_ batch: inout BatchRecord, _ state: inout BatchState) async throws -> Bool {
        if state.rowCount == 0 {
            guard try await read(&batch, &state) else { return false }
        }
        state.moments["in_progress_at"] = .now()
        try await save(&batch, .inProgress, state)
        return true
    }

    private func read(_ batch: inout BatchRecord, _ state: inout BatchState) async throws -> Bool {
        let intake: BatchIntake
        do {
            guard let input = batch.inputFileID, let file = try await stepService.ledger.readableFile(input) else {
                throw FieldError("input_file_id", "the file was deleted before it was read")
            }
            var pieces = FileReader(file.id, in: stepService.ledger)
            intake = try await BatchIntake.importRows(
                of: batch, into: stepService.ledger, limits: stepService.settings.limits
            ) { try await pieces.next() }
            state.keep(intake.faults)
            _ = try intake.checked()
        } catch let error as FieldError {
            let problem = BatchFault(line: 0, customID: nil, code: "invalid_input", message: error.description)
            try await fail(&batch, &state, problem)
            return false
        }
        batch = intake.batch
        state = BatchState(json: batch.state) ?? state
        return true
    }

    private func fail(
        _ batch: inout BatchRecord, _ state: inout BatchState, _ problem: BatchFault
    ) async throws {
        state.problem = problem
        state.moments["failed_at"] = .now()
        try await save(&batch, .failed, state)
    }

    // MARK: Calling

    /// Runs the rows; nil where the batch failed before any call.
    private func work(
        _ batch: inout BatchRecord, _ state: inout BatchState
    ) async throws -> BatchOutcome? {
        let isLate = state.terms.deadline.map { $0 <= .now() } ?? false
        var caller = Caller(team: batch.attribution.team)
        if stop.reason != .cancelled, !isLate {
            switch try await account(of: batch) {
            case .success(let found): caller = found
            case .failure(let refused): stop.request(.forbidden(refused.reason))
            }
        }
        if try await !hasRowsAtProviders(batch) {
            if stop.reason == .cancelled { return .cancelled }
            if isLate { return .late }
            if case .forbidden(let reason) = stop.reason { return .forbidden(reason) }
        }
        // A batch that ends starts no calls, but collects from the providers.
        let mayBegin = !stop.isRequested && !isLate
        if mayBegin, try stepService.batchModels(for: caller).isEmpty { throw RoutingError.noCandidate([]) }
        if batch.lease > 1 {
            // Frees the rows of the previous owner once its calls are booked.
            _ = try await stepService.ledger.recover(at: .now())
        }
        let runner = BatchRunner(
            stepService: stepService, batch: batch, terms: state.terms, caller: caller, stop: stop
        ) { [snapshot] in snapshot.update($0) }
        let prepared = try await runner.prepare()
        let forecast = prepared.forecast
        if state.forecast == nil, !stop.isRequested {
            if prepared.groups.isEmpty, forecast.rows > 0, !forecast.sufficesForAll,
                forecast.affordable == 0 || state.terms.ifShort == .refuse
            {
                try await runner.release(prepared)
                state.forecast = forecast.json
                try await fail(&batch, &state, shortage(forecast))
                return nil
            }
            state.forecast = forecast.json
            try await save(&batch, .inProgress, state)
        }
        if state.wait != nil {
            // The wait of the previous owner is stale.
            state.wait = nil
            try await save(&batch, .inProgress, state)
        }
        let ending = try await runner.run(prepared) { [batch, state] wait in
            var (batch, state) = (batch, state)
            state.wait = wait
            // Informative only: the next commit checks the lease.
            try? await save(&batch, .inProgress, state)
        }
        state.accuracy = snapshot.progress?.accuracy
        return ending
    }

    private func hasRowsAtProviders(_ batch: BatchRecord) async throws -> Bool {
        try await stepService.ledger.read { try $0.groups(ofBatch: batch.id) }.contains { $0.phase != .closed }
    }

    private func shortage(_ forecast: BatchForecast) -> BatchFault {
        let advice = forecast.affordable == 0 ? "" : ", or say if_short \"cheapest\" or \"best\""
        return BatchFault(
            line: 0, customID: nil, code: "budget_exceeded",
            message: "\(forecast.shortage); nothing was started: raise budget_usd\(advice)")
    }

    private struct Refused: Error {
        let reason: String
    }

    /// The caller of the batch, with its key's current models and policy.
    private func account(of batch: BatchRecord) async throws -> Result<Caller, Refused> {
        guard let id = batch.attribution.key else { return .success(Caller(team: batch.attribution.team)) }
        let keys = try await stepService.ledger.read { try $0.keys() }
        guard let key = keys.first(where: { $0.id == id }) else {
            return .failure(Refused(reason: "the key '\(id)' is not known any more"))
        }
        if let reason = key.fault(at: .now()) { return .failure(Refused(reason: reason)) }
        return .success(Caller(key: key.id, team: key.team, models: key.models, policy: key.policy))
    }

    // MARK: Finalizing

    /// Writes the result files and ends the batch.
    private func finalize(_ batch: inout BatchRecord, _ state: inout BatchState) async throws {
        let ending = state.ending ?? .finished
        // A cancelled batch stays `cancelling` until its files exist.
        if ending != .cancelled { state.moments["finalizing_at"] = state.moments["finalizing_at"] ?? .now() }
        try await save(&batch, ending == .cancelled ? .cancelling : .finalizing, state)
        var answers = writer(of: batch, state, named: "output")
        var errors = writer(of: batch, state, named: "error")
        do {
            let faults = try await faults(of: batch, state)
            let output = BatchOutput(batch: batch.id, faults: faults, ending: ending)
            state.count = try await output.write(from: stepService.ledger, answers: &answers, errors: &errors)
            if !answers.isEmpty { try await answers.flush() }
            if !errors.isEmpty { try await errors.flush() }
            if !answers.isEmpty { batch.outputFileID = answers.file.id }
            if !errors.isEmpty { batch.errorFileID = errors.file.id }
            let status = status(after: ending)
            state.problem = state.problem ?? ending.problem
            state.moments["\(status.rawValue)_at"] = .now()
            try await save(&batch, status, state)
        } catch {
            await answers.discard()
            await errors.discard()
            throw error
        }
    }

    private func status(after ending: BatchOutcome) -> BatchStatus {
        switch ending {
        case .finished, .shortOfMoney, .stopped, .elsewhere: .completed
        case .cancelled: .cancelled
        case .late: .expired
        case .forbidden: .failed
        }
    }

    private func writer(of batch: BatchRecord, _ state: BatchState, named name: String) -> FileWriter {
        let now = Timestamp.now()
        let seconds = state.outputSeconds ?? stepService.settings.limits.fileDays * 86_400
        return FileWriter(
            FileRecord(
                id: Identifier.make("file"), purpose: "batch_output", name: "\(batch.id)_\(name).jsonl", byteCount: 0,
                key: batch.attribution.key, createdAt: now, expiresAt: now.advanced(bySeconds: seconds)),
            in: stepService.ledger)
    }

    /// All malformed lines; where the input file is gone, those kept in the state.
    private func faults(of batch: BatchRecord, _ state: BatchState) async throws -> [BatchFault] {
        guard state.faultCount > state.faults.count, let input = batch.inputFileID,
            let file = try await stepService.ledger.readableFile(input)
        else { return state.faults }
        var reader = BatchReader(mostLineBytes: stepService.settings.limits.bodyBytes)
        var pieces = FileReader(file.id, in: stepService.ledger)
        while let piece = try await pieces.next() { _ = reader.feed(piece) }
        _ = reader.finish()
        return reader.faults
    }

    private func save(
        _ batch: inout BatchRecord, _ status: BatchStatus, _ state: BatchState
    ) async throws {
        batch.status = status
        batch.state = state.json
        batch.updatedAt = .now()
        try await stepService.ledger.write { [batch] in try $0.saveBatch(batch) }
    }
}
