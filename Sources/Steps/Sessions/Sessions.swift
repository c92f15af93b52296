package import Domain
package import Ledger
import Logging
package import Routing
import Synchronization

/// Cache of session memories: the last model and the rule's state of each run.
///
/// Each step's memory is committed with it (`SessionRecord`), so any node can continue a run after a restart. The cache
/// is bounded: the least recently used are evicted and read again on demand. Plans, which are large, are kept of the
/// newest runs alone; others are planned anew.
package final class Sessions: Sendable {
    private struct Entry {
        var memory: Memory
        /// Ledger store that wrote the last step; nil for this one.
        var owner: String?
        var at: Timestamp
        var used: UInt64
    }

    private struct Table {
        var entries: [String: Entry] = [:]
        var clock: UInt64 = 0
        var plans = 0
    }

    private let table = Mutex(Table())
    private let capacity: Int
    private let planCapacity: Int

    package init(capacity: Int = 20_000, planCapacity: Int = 1000) {
        self.capacity = capacity
        self.planCapacity = planCapacity
    }

    /// The runs in the cache, and how many of them have a plan.
    package var counts: (sessions: Int, plans: Int) { table.withLock { ($0.entries.count, $0.plans) } }

    package func memory(of session: String, at moment: Timestamp = .now()) -> Memory {
        table.withLock { Self.unexpired($0.entries[session], at: moment)?.memory } ?? Memory()
    }

    /// The cached session without its body; nil where it is unknown.
    package func known(_ session: String, at moment: Timestamp = .now()) -> SessionRecord? {
        guard let entry = table.withLock({ Self.unexpired($0.entries[session], at: moment) }) else { return nil }
        var record = SessionRecord(id: session, version: entry.memory.steps, body: [], at: entry.at)
        record.owner = entry.owner
        return record
    }

    /// Records a step and its seconds; returns the record to commit with it.
    package func recordStep(
        _ model: ModelID, on placement: Placement = .cloud, way: AskedWay = AskedWay(), position: Int,
        state: RunState, seconds: Double = 0, of session: String, at moment: Timestamp = .now()
    ) -> SessionRecord {
        table.withLock { table in
            var memory = Self.unexpired(table.entries[session], at: moment)?.memory ?? Memory()
            memory.recordStep(model, on: placement, way: way, position: position, state: state, seconds: seconds)
            store(Entry(memory: memory, at: moment, used: 0), of: session, in: &table)
            return memory.record(of: session, at: moment)
        }
    }

    /// Adopts a record of another node or of an earlier process. Expired and unreadable records are ignored.
    package func adopt(_ record: SessionRecord, at moment: Timestamp = .now()) {
        // Stored timestamps are truncated to the hour.
        let isOver = moment.seconds - record.at.seconds >= SessionRecord.idleSeconds + 3600
        guard !isOver, let memory = Memory(json: record.body) else { return }
        table.withLock { table in
            // A step may have completed here in the meantime.
            if let known = table.entries[record.id], known.memory.steps > memory.steps { return }
            store(Entry(memory: memory, owner: record.owner, at: moment, used: 0), of: record.id, in: &table)
        }
    }

    private func store(_ entry: Entry, of session: String, in table: inout Table) {
        table.clock += 1
        var entry = entry
        entry.used = table.clock
        if table.entries[session]?.memory.state.plan != nil { table.plans -= 1 }
        if entry.memory.state.plan != nil { table.plans += 1 }
        table.entries[session] = entry
        if table.plans > planCapacity { dropPlans(of: &table) }
        guard table.entries.count > capacity else { return }
        // Evicts half of the capacity at once, which amortizes the sort.
        let oldest = table.entries.map { ($0.key, $0.value.used) }.sorted { $0.1 < $1.1 }.prefix(capacity / 2)
        for (session, _) in oldest {
            if table.entries.removeValue(forKey: session)?.memory.state.plan != nil { table.plans -= 1 }
        }
    }

    /// Drops the older half of the plans.
    private func dropPlans(of table: inout Table) {
        let planned = table.entries.filter { $0.value.memory.state.plan != nil }.map { ($0.key, $0.value.used) }
        for (session, _) in planned.sorted(by: { $0.1 < $1.1 }).prefix(planned.count - planCapacity / 2) {
            table.entries[session]?.memory.state.plan = nil
        }
        table.plans = min(planned.count, planCapacity / 2)
    }

    private static func unexpired(_ entry: Entry?, at moment: Timestamp) -> Entry? {
        guard let entry, moment.seconds - entry.at.seconds < SessionRecord.idleSeconds else { return nil }
        return entry
    }
}

extension StepService {
    /// Refreshes a session from the ledger by one primary-key read. Skipped where the ledger knows nothing newer: no
    /// other node lives and the session is known here.
    ///
    /// - Parameter opensRun: whether the call opens an unnamed run, which has no history.
    func recall(_ session: String, opensRun: Bool = false) async {
        let known = sessions.known(session)
        if known == nil ? opensRun : !ledger.hasOtherNodes { return }
        do {
            if let record = try await ledger.session(session, unlike: known) { sessions.adopt(record) }
        } catch {
            // The call continues with local state; a failing ledger surfaces at its reservation.
            logger.debug("session lookup failed", metadata: ["reason": "\(error)"])
        }
    }
}
