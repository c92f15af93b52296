import Domain
import JSON
package import Ledger

/// A job as `GET /v1/jobs/{id}` and `hera run` show it.
package struct JobDocument: Sendable {
    let record: JobRecord
    let steps: [StepRecord]
    let entries: [LedgerEntry]

    /// Loads a job with its steps and ledger entries.
    package init(_ record: JobRecord, from ledger: LedgerStore) async throws {
        self.record = record
        steps = try await ledger.read { try $0.steps(ofRun: record.id) }
        entries = try await ledger.read { try $0.entries(ofRun: record.id) }
    }

    package var json: [UInt8] {
        var writer = JSONWriter(capacity: 1024 + steps.reduce(0) { $0 + $1.detail.count })
        let state = JobState(json: record.state)
        writer.object { object in
            object.member("id", record.id)
            object.member("object", "job")
            object.member("status", record.status.rawValue)
            object.member("created_at", record.createdAt.description)
            object.member("updated_at", record.updatedAt.description)
            if let result = record.result, let document = try? JSONDocument(result) {
                for member in document.root.members { object.member(member.key, raw: member.value.raw) }
            }
            if let failure = record.failure { object.member("error", failure) }
            if record.status == .requiresAction, let state {
                object.member(
                    "required_action",
                    object: { action in
                        action.member("type", "submit_tool_outputs")
                        action.member(
                            "tool_calls",
                            array: { list in for call in state.pendingCalls { JobReport.write(call, into: &list) } })
                    })
            }
            object.member("steps", array: { list in for step in steps { list.element(raw: step.detail) } })
            object.member("totals", object: { totals(into: &$0) })
            if let spec = try? JSONDocument(record.spec) {
                for name in ["input", "policy", "metadata"] {
                    if let value = spec.root[name] { object.member(name, raw: value.raw) }
                }
            }
        }
        return writer.bytes
    }

    /// Actual, predicted and baseline sums.
    private func totals(into object: inout JSONWriter) {
        func sum(_ money: (LedgerEntry) -> Money) -> Money {
            entries.reduce(.zero) { (try? $0.adding(money($1))) ?? Money(nanoUSD: .max) }
        }
        object.member("steps", steps.count)
        object.member("calls", entries.count { $0.kind == .call || $0.kind == .uncertain })
        object.member("cost_usd", raw: sum { $0.result.figures.cost.total }.description.utf8)
        object.member("predicted_cost_usd", raw: sum { $0.call.predicted.cost.total }.description.utf8)
        object.member("baseline_cost_usd", raw: sum { $0.call.baseline?.figures.cost.total ?? .zero }.description.utf8)
        object.member("energy_j", entries.reduce(0) { $0 + $1.result.figures.energyJoules })
        object.member("predicted_energy_j", entries.reduce(0) { $0 + $1.call.predicted.energyJoules })
        object.member("baseline_energy_j", entries.reduce(0) { $0 + ($1.call.baseline?.figures.energyJoules ?? 0) })
        object.member("latency_s", entries.reduce(0) { $0 + $1.result.figures.latencySeconds })
        object.member("baseline_latency_s", entries.reduce(0) { $0 + ($1.call.baseline?.figures.latencySeconds ?? 0) })
    }
}
