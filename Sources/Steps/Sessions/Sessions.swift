package import Domain
package import Ledger
package import Routing
import Synchronization

/// What is remembered of the runs that chat calls belong to: the model of the last step, and the rule's state.
///
/// Every step's memory is written with its commit (`SessionRecord`), so that a run goes on at any node and after a
/// restart; this is the copy of the runs that were here last. Bounded: those that were used longest ago are forgotten,
/// and read again when they return.
package final class Sessions: Sendable {
    private struct Entry {
        var memory: Memory
        /// The store that made the last step; nil for this one.
        var owner: String?
        var at: Timestamp
        var used: UInt64
    }

    private struct Table {
        var entries: [String: Entry] = [:]
        var clock: UInt64 = 0
    }

    private let table = Mutex(Table())
    private let capacity: Int

    package init(capacity: Int = 20_000) {
        self.capacity = capacity
    }

    package func memory(of session: String, at moment: Timestamp = .now()) -> Memory {
        table.withLock { Self.unexpired($0.entries[session], at: moment)?.memory } ?? Memory()
    }

    /// What is known here of a session, without its body; nil where it is unknown.
    package func known(_ session: String, at moment: Timestamp = .now()) -> SessionRecord? {
        guard let entry = table.withLock({ Self.unexpired($0.entries[session], at: moment) }) else { return nil }
        var record = SessionRecord(id: session, version: entry.memory.steps, body: [], at: entry.at)
        record.owner = entry.owner
        return record
    }

    /// Notes a step that a model has done; what is to be written with the step's commit.
    package func recordStep(
        _ model: ModelID, position: Int, state: RunState, of session: String, at moment: Timestamp = .now()
    ) -> SessionRecord {
        table.withLock { table in
            var memory = Self.unexpired(table.entries[session], at: moment)?.memory ?? Memory()
            memory.recordStep(model, position: position, state: state)
            store(Entry(memory: memory, at: moment, used: 0), of: session, in: &table)
            return memory.record(of: session, at: moment)
        }
    }

    /// Takes over what another node knows, or what was written before a restart. What is over or unreadable counts as
    /// unknown.
    package func adopt(_ record: SessionRecord, at moment: Timestamp = .now()) {
        // Moments are kept by the hour.
        let isOver = moment.seconds - record.at.seconds >= SessionRecord.idleSeconds + 3600
        guard !isOver, let memory = Memory(json: record.body) else { return }
        table.withLock { table in
            // A step may have ended here meanwhile.
            if let known = table.entries[record.id], known.memory.steps > memory.steps { return }
            store(Entry(memory: memory, owner: record.owner, at: moment, used: 0), of: record.id, in: &table)
        }
    }

    private func store(_ entry: Entry, of session: String, in table: inout Table) {
        table.clock += 1
        var entry = entry
        entry.used = table.clock
        table.entries[session] = entry
        guard table.entries.count > capacity else { return }
        // Half are dropped at once, so that the sort is paid for by many calls.
        let oldest = table.entries.sorted { $0.value.used < $1.value.used }.prefix(capacity / 2)
        for (session, _) in oldest { table.entries.removeValue(forKey: session) }
    }

    private static func unexpired(_ entry: Entry?, at moment: Timestamp) -> Entry? {
        guard let entry, moment.seconds - entry.at.seconds < SessionRecord.idleSeconds else { return nil }
        return entry
    }
}
