import Domain
import Ledger

/// Queue of rows for provider batches: rows waiting, and rows at providers. No I/O.
struct ProviderQueue: Sendable {
    /// Rows of one model to send as one group.
    struct ProviderChunk: Hashable, Sendable {
        let number: Int
        let model: Int
        let rows: [Int]
        /// Sum of their upper-bound costs.
        let bound: Money
    }

    private struct Away {
        var rows: Set<Int>
        var count: Int
        var bound: Money
    }

    /// Queued rows by model.
    private var lines: [Int: [Int]] = [:]
    /// Chunks being reserved, by number.
    private var chunks: [Int: ProviderChunk] = [:]
    /// Open groups by name.
    private var away: [String: Away] = [:]
    /// Largest chunk by model, after a budget refused a larger one.
    private var most: [Int: Int] = [:]
    private var last = 0

    var isWaiting: Bool { lines.contains { !$0.value.isEmpty } }

    /// Queued rows with their models.
    var waiting: [(row: Int, model: Int)] {
        lines.sorted { $0.key < $1.key }.flatMap { model, rows in rows.map { (row: $0, model: model) } }
    }

    /// Whether no chunk is reserved or at a provider.
    var isIdle: Bool { chunks.isEmpty && away.isEmpty }

    /// Whether a reservation is in flight.
    var isReserving: Bool { !chunks.isEmpty }

    /// Upper-bound cost of reserved chunks and open groups.
    var held: Money {
        Money(nanoUSD: (chunks.values.map(\.bound) + away.values.map(\.bound)).reduce(0) { $0 + $1.nanoUSD })
    }

    /// Rows of the table in reserved chunks and open groups.
    var rowsAway: Set<Int> {
        away.values.reduce(into: Set(chunks.values.flatMap(\.rows))) { $0.formUnion($1.rows) }
    }

    /// Rows at providers, groups of earlier processes included.
    var awayCount: Int { away.values.reduce(0) { $0 + $1.count } }

    // MARK: Waiting

    /// Replaces all queued rows.
    mutating func assign(_ choices: [(row: Int, model: Int)]) {
        lines = [:]
        for choice in choices { lines[choice.model, default: []].append(choice.row) }
    }

    mutating func add(_ row: Int, model: Int) { lines[model, default: []].append(row) }

    /// Removes and returns all queued rows.
    mutating func removeWaiting() -> [(row: Int, model: Int)] {
        defer { lines = [:] }
        return waiting
    }

    /// Packs rows of one model whose upper bounds fit `free` together, the cheapest first; nil where no chunk is ready.
    ///
    /// - Parameter mayGrow: whether money may be released later; then a chunk waits for it.
    mutating func pack(
        table: BatchTable, free: Int64?, mostRows: Int, mostBytes: Int, mayGrow: Bool
    ) -> ProviderChunk? {
        for model in lines.keys.sorted() {
            let bounds = (lines[model] ?? []).map { (row: $0, bound: table.bound($0, model)) }
            let line = bounds.sorted { ($0.bound, $0.row) < ($1.bound, $1.row) }
            let limit = min(mostRows, most[model] ?? mostRows)
            var rows: [Int] = []
            var (sum, bytes) = (Int64(0), 0)
            var isShort = false
            for (row, bound) in line.prefix(limit) {
                isShort = free.map { sum + bound.nanoUSD > $0 } ?? false
                let size = table.rows[row].bytes
                if isShort || !rows.isEmpty && bytes + size > mostBytes { break }
                rows.append(row)
                sum += bound.nanoUSD
                bytes += size
            }
            if rows.isEmpty || isShort && mayGrow { continue }
            let packed = Set(rows)
            lines[model]?.removeAll { packed.contains($0) }
            last += 1
            let chunk = ProviderChunk(number: last, model: model, rows: rows, bound: Money(nanoUSD: sum))
            chunks[chunk.number] = chunk
            return chunk
        }
        return nil
    }

    // MARK: Away

    mutating func opened(_ chunk: ProviderChunk, as name: String) {
        chunks[chunk.number] = nil
        away[name] = Away(rows: Set(chunk.rows), count: chunk.rows.count, bound: chunk.bound)
    }

    /// Adds a group that an earlier process has opened.
    mutating func found(_ group: ProviderGroup) {
        away[group.name] = Away(rows: [], count: group.open, bound: group.reserved)
    }

    /// Requeues the rows of a refused chunk and halves the chunk size.
    mutating func refused(_ chunk: ProviderChunk) {
        chunks[chunk.number] = nil
        lines[chunk.model, default: []] += chunk.rows
        most[chunk.model] = max(1, chunk.rows.count / 2)
    }

    /// Lifts the limits on chunk sizes after money was released.
    mutating func budgetReleased() { most = [:] }

    /// Counts rows of a group as done.
    mutating func booked(_ count: Int, in name: String) {
        guard var group = away[name] else { return }
        group.count = max(0, group.count - count)
        away[name] = group
    }

    /// Removes a group; returns its rows of this table.
    mutating func ended(_ name: String) -> Set<Int> {
        budgetReleased()
        return away.removeValue(forKey: name)?.rows ?? []
    }
}

extension BatchTable {
    /// Upper-bound cost of a row on a model.
    func bound(_ row: Int, _ model: Int) -> Money { rows[row].options[model]?.bound ?? .zero }
}
