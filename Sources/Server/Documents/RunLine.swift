import Domain
import JSON
import Ledger

/// A run on one line of a list: its steps, models and money.
struct RunLine: Sendable {
    let id: String
    private var first: Timestamp
    private let last: Timestamp
    private var steps = 1
    private var models: [ModelID]
    private let attribution: Attribution
    var entries: [LedgerEntry] = []

    /// A run by its newest decision.
    init(_ record: DecisionRecord) {
        id = record.decision.runID
        first = record.at
        last = record.at
        models = [record.decision.model]
        attribution = record.attribution
    }

    /// Adds an older decision.
    mutating func add(_ record: DecisionRecord) {
        first = min(first, record.at)
        steps += 1
        if !models.contains(record.decision.model) { models.append(record.decision.model) }
    }

    func write(into object: inout JSONWriter) {
        func sum(_ part: (LedgerEntry) -> Money?) -> String {
            entries.reduce(Money.zero) { total, entry in
                part(entry).flatMap { try? total.adding($0) } ?? total
            }.description
        }
        object.member("id", id)
        object.member("object", "run")
        object.member("first_at", first.description)
        object.member("last_at", last.description)
        object.member("steps", steps)
        object.member("calls", entries.count)
        object.member("models", array: { list in for model in models { list.element(model.rawValue) } })
        object.member("cost_usd", raw: sum { $0.result.figures.cost.total }.utf8)
        object.member("predicted_cost_usd", raw: sum { $0.call.predicted.cost.total }.utf8)
        object.member("energy_j", entries.reduce(0) { $0 + $1.result.figures.energyJoules })
        object.member("job", attribution.job)
        object.member("session", attribution.session)
        object.member("key", attribution.key)
    }
}
