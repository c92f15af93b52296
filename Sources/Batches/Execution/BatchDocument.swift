import Domain
package import JSON
import Ledger

/// OpenAI's batch object, with hera's plan, spending and progress in the member `hera`.
package struct BatchDocument: Sendable {
    private let record: BatchRecord
    private let state: BatchState
    private let counts: [BatchRowStatus: Int64]
    private let spent: Money
    private let progress: BatchProgress?
    private let groups: [ProviderGroup]

    private static let moments = [
        "in_progress_at", "finalizing_at", "completed_at", "failed_at", "expired_at", "cancelled_at",
    ]

    /// - Parameters:
    ///   - counts: rows by status.
    ///   - spent: booked on the batch so far.
    ///   - progress: of the run on this node; nil where another node runs the batch.
    ///   - groups: rows at providers.
    init(
        record: BatchRecord, counts: [BatchRowStatus: Int64], spent: Money, progress: BatchProgress?,
        groups: [ProviderGroup] = []
    ) {
        self.record = record
        self.counts = counts
        self.spent = spent
        self.progress = progress
        self.groups = groups
        state = BatchState(json: record.state) ?? BatchState(terms: BatchOptions(budget: nil))
    }

    package func write(into object: inout JSONWriter) {
        object.member("id", record.id)
        object.member("object", "batch")
        object.member("endpoint", record.endpoint)
        writeErrors(into: &object)
        object.member("input_file_id", record.inputFileID)
        object.member("completion_window", state.completionWindow)
        object.member("status", record.status.rawValue)
        object.member("output_file_id", record.outputFileID)
        object.member("error_file_id", record.errorFileID)
        object.member("created_at", Self.seconds(record.createdAt))
        object.member("expires_at", Self.seconds(record.expiresAt))
        for name in Self.moments { object.member(name, Self.seconds(state.moments[name])) }
        object.member("cancelling_at", Self.seconds(record.cancellingAt))
        object.member(
            "request_counts",
            object: { object in
                object.member("total", state.rowCount + state.faultCount)
                object.member("completed", Int(counts[.completed] ?? 0))
                object.member("failed", Int(counts[.failed] ?? 0) + state.faultCount + (state.count?.notDone ?? 0))
            })
        object.member("metadata", raw: record.metadata)
        object.member("hera", object: { writeHera(into: &$0) })
    }

    package var json: [UInt8] {
        var writer = JSONWriter(capacity: 1024)
        writer.object { write(into: &$0) }
        return writer.bytes
    }

    /// The fault of the batch as a whole, then those of malformed lines.
    private func writeErrors(into object: inout JSONWriter) {
        let errors = [state.problem].compactMap { $0 } + state.faults
        guard !errors.isEmpty else { return object.memberNull("errors") }
        object.member(
            "errors",
            object: { object in
                object.member("object", "list")
                object.member(
                    "data",
                    array: { list in
                        for error in errors {
                            list.object { item in
                                item.member("code", error.code)
                                item.member("line", error.line == 0 ? nil : error.line)
                                item.member("message", error.message)
                                item.memberNull("param")
                            }
                        }
                    })
            })
    }

    private func writeHera(into object: inout JSONWriter) {
        let terms = state.terms
        object.member("budget_usd", terms.budget?.usd)
        object.member("spent_usd", spent.usd)
        object.member("if_short", terms.ifShort.rawValue)
        object.member("model", terms.model)
        object.member("policy", terms.policyName)
        object.member("confidence", terms.confidence)
        object.member("concurrency", terms.concurrency)
        object.member("min_accuracy", terms.minAccuracy)
        object.member("energy_j", terms.energyJoules)
        object.member("malformed", state.faultCount)
        if let forecast = state.forecast { object.member("plan", raw: forecast) } else { object.memberNull("plan") }
        object.member("expected_accuracy", progress?.accuracy ?? state.accuracy)
        object.member("expected_cost_usd", progress?.expectedCost.usd)
        object.member("seconds_left", progress?.secondsLeft)
        if let wait = state.wait, record.status == .inProgress {
            object.member("waiting_until", Self.seconds(wait.until))
            object.member("waiting_for", wait.reason)
        }
        guard !groups.isEmpty else { return }
        object.member(
            "provider_batches",
            array: { list in for group in groups { list.object { group.write(into: &$0) } } })
    }

    private static func seconds(_ moment: Timestamp?) -> Int64? { moment.map { $0.milliseconds / 1000 } }
}

extension ProviderGroup {
    /// Writes one group: `status` is `opened`, `sending`, `sent`, `cancelling`, `ended` or `closed`; `open` counts rows
    /// without a result.
    func write(into object: inout JSONWriter) {
        object.member("name", name)
        object.member("id", providerID)
        object.member("model", model.rawValue)
        object.member("status", phase.rawValue)
        object.member("rows", rows)
        object.member("completed", completed)
        object.member("failed", failed)
        object.member("open", open)
    }
}
