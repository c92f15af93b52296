import CoreMetrics
import Domain
import Synchronization

/// Counts this store's bookings as metrics. Counters restart with each process and ignore corrections, unlike the
/// ledger.
struct BookingMetrics: Sendable {
    private struct Key: Hashable {
        let model: ModelID
        let kind: EntryKind
    }

    /// The counters of one model's entries of a kind, looked up once.
    private struct Counters {
        let cost: FloatingPointCounter
        let baseline: FloatingPointCounter
        let joules: FloatingPointCounter
        let seconds: CoreMetrics.Timer
        let tokens: [(unit: UsageClass, counter: Counter)]
        private let outcomes: [CallOutcome: Counter]

        init(_ key: Key) {
            let own = [("model", key.model.rawValue), ("kind", key.kind.rawValue)]
            cost = FloatingPointCounter(label: "hera_cost_usd", dimensions: own)
            baseline = FloatingPointCounter(label: "hera_baseline_cost_usd", dimensions: own)
            joules = FloatingPointCounter(label: "hera_energy_joules", dimensions: own)
            seconds = CoreMetrics.Timer(label: "hera_call", dimensions: own)
            tokens = UsageClass.allCases.filter { $0 != .request }.map { unit in
                (unit, Counter(label: "hera_tokens", dimensions: own + [("class", unit.rawValue)]))
            }
            outcomes = Dictionary(
                uniqueKeysWithValues: CallOutcome.allCases.map { outcome in
                    (outcome, Counter(label: "hera_calls", dimensions: own + [("outcome", outcome.rawValue)]))
                })
        }

        func count(_ entry: LedgerEntry) {
            let figures = entry.result.figures
            outcomes[entry.result.outcome]?.increment()
            cost.increment(by: Double(figures.cost.total.nanoUSD) / 1e9)
            if let baseline = entry.call.baseline {
                self.baseline.increment(by: Double(baseline.figures.cost.total.nanoUSD) / 1e9)
            }
            joules.increment(by: figures.energyJoules)
            // Rows of a provider's batch have no latency for a client.
            if entry.call.tier != .batch { seconds.recordSeconds(figures.latencySeconds) }
            for (unit, counter) in tokens where entry.result.usage[unit] > 0 {
                counter.increment(by: entry.result.usage[unit])
            }
        }
    }

    private struct Chosen: Hashable {
        let model: ModelID
        let stage: Stage
    }

    private final class Cache: Sendable {
        let counters = Mutex<[Key: Counters]>([:])
        let decisions = Mutex<[Chosen: Counter]>([:])
    }

    private let cache = Cache()

    /// Counts a commit's decisions, and its entries unless they were booked before.
    func booked(_ commit: StepCommit, _ receipt: StepReceipt) {
        for (settlement, made) in zip(commit.settlements, receipt.settlements) where !made.isRepeat {
            count(settlement.entry)
        }
        for record in commit.decisions {
            let chosen = Chosen(model: record.decision.model, stage: record.decision.stage)
            cache.decisions.withLock { all in
                let own =
                    all[chosen]
                    ?? Counter(
                        label: "hera_decisions",
                        dimensions: [("model", chosen.model.rawValue), ("stage", chosen.stage.rawValue)])
                all[chosen] = own
                own.increment()
            }
        }
    }

    func count(_ entry: LedgerEntry) {
        guard entry.kind != .correction else { return }
        let key = Key(model: entry.call.model, kind: entry.kind)
        cache.counters.withLock { all in
            let own = all[key] ?? Counters(key)
            all[key] = own
            own.count(entry)
        }
    }
}
