import Domain
import JSON
import Ledger
import Steps

/// A decision on one line of a list, with its money.
struct DecisionLine {
    let record: DecisionRecord
    /// The entries of the decision's calls.
    let entries: [LedgerEntry]

    private var decision: Decision { record.decision }

    /// What the calls cost; nil without any.
    var cost: Money? {
        entries.isEmpty
            ? nil
            : entries.reduce(Money.zero) { sum, entry in
                (try? sum.adding(entry.result.figures.cost.total)) ?? sum
            }
    }

    /// The model whose answer was used, else the chosen one.
    var answered: ModelID { decision.attempts.last(where: \.isAccepted)?.model ?? decision.model }

    func write(into object: inout JSONWriter) {
        object.member("id", decision.id)
        object.member("object", "decision")
        object.member("at", record.at.description)
        object.member("run", decision.runID)
        object.member("position", decision.position)
        object.member("model", decision.model.rawValue)
        object.member("answered_by", answered.rawValue)
        object.member("reference", decision.reference.rawValue)
        object.member("stage", decision.stage.rawValue)
        object.member("kappa", decision.kappa)
        object.member("reason", decision.reason)
        object.member("asked", decision.requestedModel)
        object.member("policy", entries.first?.call.policy)
        object.member("key", record.attribution.key)
        object.member("team", record.attribution.team)
        object.member("job", record.attribution.job)
        object.member("batch", record.attribution.batch)
        let chosen = decision.candidate(decision.model)
        object.member("predicted_quality", chosen?.prediction.quality)
        object.member("predicted_cost_usd", raw: (chosen?.cost.total.description ?? "null").utf8)
        object.member("cost_usd", raw: (cost?.description ?? "null").utf8)
        object.member("calls", entries.count)
    }

    /// The entries as a list: what was predicted and what was booked.
    func writeEntries(into object: inout JSONWriter) {
        object.member(
            "entries",
            array: { list in
                for entry in entries {
                    list.object {
                        $0.member("id", entry.id)
                        $0.member("at", entry.at.description)
                        $0.member("kind", entry.kind.rawValue)
                        $0.member("model", entry.call.model.rawValue)
                        $0.member("served_model", entry.result.servedModel)
                        $0.member("outcome", entry.result.outcome.rawValue)
                        $0.member("predicted_cost_usd", raw: entry.call.predicted.cost.total.description.utf8)
                        $0.member("cost_usd", raw: entry.result.figures.cost.total.description.utf8)
                        $0.member("predicted_latency_s", entry.call.predicted.latencySeconds)
                        $0.member("latency_s", entry.result.figures.latencySeconds)
                        $0.member("prompt_tokens", entry.result.usage.promptTokens)
                        $0.member("cached_tokens", entry.result.usage.cachedRead)
                        $0.member("completion_tokens", entry.result.usage.completionTokens)
                        $0.member("energy_j", entry.result.figures.energyJoules)
                    }
                }
            })
    }
}
