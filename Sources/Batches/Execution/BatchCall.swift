import Calls
import Dialects
import Domain
import JSON
import Ledger
import Routing
import Steps
import Upstream

/// One row's paid call of one model, committed together with the row's result.
struct BatchCall: Sendable {
    enum End: Sendable {
        case answered(cost: Money)
        /// The row cannot be called as it is. Its error is committed.
        case refused
        /// The model's server refused the row. Another one may accept it.
        case refusedBy(ModelID, UpstreamError)
        /// Another node has finished the row meanwhile. The cost of this call is booked.
        case taken
        /// No answer. A call that may have been billed is booked.
        case failed(any Error, isBusy: Bool, retryAfter: Double?)
        /// No server was called: a budget has no room now.
        case unpaid(BudgetRefusal)
        /// The ledger cannot be read or written.
        case broken(any Error)
    }

    let runner: BatchRunner
    let line: Int64
    /// All models of the batch, for the decision and the baseline.
    let models: [PricedModel]

    /// The labels of the batch and of the row itself.
    private func labels(of row: BatchRow) throws -> CallLabels {
        do {
            let body = try JSONDocument(row.request).root
            return try runner.batch.attribution.labels.adding(
                body, tagsNamed: runner.stepService.settings.metadataTags)
        } catch let error as JSONError {
            throw FieldError("body", "\(error)")
        }
    }

    /// The row's body with the changes of the operator's guardrail.
    private func guarded(_ row: BatchRow, _ account: Attribution) async throws -> [UInt8] {
        do {
            return try await runner.stepService.guarded(
                try JSONDocument(row.request), run: runner.batch.id, account
            ).bytes
        } catch let error as JSONError {
            throw FieldError("body", "\(error)")
        }
    }

    func run(by model: ModelID) async -> End {
        let batch = runner.batch
        do {
            guard var row = try await runner.rows([line]).first else {
                throw ServiceError.notFound(kind: "batch row", id: "\(batch.id)/\(line)")
            }
            var account = batch.attribution
            account.labels = try labels(of: row)
            row.request = try await guarded(row, account)
            let forecast = try runner.stepService.forecast(
                row, terms: runner.terms, models: models, caller: runner.caller, allowsBatchTier: false)
            let prepared = forecast.prepared(model, decisionID: Identifier.make("dec"), attribution: account)
            let answered = try await runner.stepService.calls.answer(prepared)
            let outcome = try await runner.stepService.guarded(answered, of: prepared)
            var commit = outcome.commit
            commit.decisions.append(
                DecisionRecord(decision: prepared.decision, attribution: batch.attribution, at: .now()))
            commit.rows.append(
                BatchRowResult(
                    batchID: batch.id, line: line, status: .completed, response: outcome.body,
                    entryID: outcome.entryID))
            do {
                try await runner.commit(commit)
            } catch LedgerError.duplicate {
                commit.rows = []
                try await runner.commit(commit)
                return .taken
            }
            return .answered(cost: outcome.figures.cost.total)
        } catch {
            return await end(of: error)
        }
    }

    private func end(of error: any Error) async -> End {
        switch error {
        case let problem as LedgerError: return problem.refusal.map { .unpaid($0) } ?? .broken(problem)
        case ServiceError.refused(let model, let failure): return .refusedBy(model, .status(failure))
        case ServiceError.upstream(let failures):
            let last = failures.last?.error.cause
            guard case .status(let failure) = last else {
                if case .overloaded = last { return .failed(error, isBusy: true, retryAfter: nil) }
                return .failed(error, isBusy: false, retryAfter: nil)
            }
            return .failed(
                error, isBusy: failure.isOverload, retryAfter: failure.retryAfterSeconds)
        // Nothing was paid for yet.
        case GuardrailError.unavailable(.before): return .failed(error, isBusy: true, retryAfter: nil)
        case ServiceError.shuttingDown: return .failed(error, isBusy: true, retryAfter: nil)
        case let error as any CodedError:
            let fault = BatchFault(line: line, customID: nil, code: error.code, message: error.description)
            let result = BatchRowResult(
                batchID: runner.batch.id, line: line, status: .failed, response: fault.body)
            do {
                try await runner.commit(StepCommit(rows: [result]))
                return .refused
            } catch LedgerError.duplicate {
                return .taken
            } catch {
                return .broken(error)
            }
        default: return .broken(error)
        }
    }
}

extension LedgerStore {
    /// Commits, with retries for a minute while the database is full, locked or unreachable.
    ///
    /// A commit is booked once, however often it is tried.
    func commitPatiently(_ commit: StepCommit) async throws -> StepReceipt {
        var pause = 0.05
        let started = ContinuousClock.now
        while true {
            do {
                return try await commitStep(commit)
            } catch {
                guard error.isTemporary, started.seconds < 60, (try? await Task.sleep(for: .seconds(pause))) != nil
                else {
                    throw error
                }
                pause = min(pause * 2, 2)
            }
        }
    }
}
