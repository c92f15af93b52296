import Domain
import Ledger

/// Rows of a batch that go to their model's provider together: those that wait, and those that are there. No I/O.
struct ProviderQueue: Sendable {
    /// Rows of one model that are to become one group.
    struct ProviderChunk: Hashable, Sendable {
        let number: Int
        let model: Int
        let rows: [Int]
        /// The sum of their highest possible bills.
        let bound: Money
    }

    private struct Away {
        var rows: Set<Int>
        var count: Int
        var bound: Money
    }

    /// Rows that wait, by model.
    private var lines: [Int: [Int]] = [:]
    /// Parcels that are being reserved, by number.
    private var chunks: [Int: ProviderChunk] = [:]
    /// Groups at providers, by name.
    private var away: [String: Away] = [:]
    /// Most rows of a parcel of a model, after a budget had no room for more.
    private var most: [Int: Int] = [:]
    private var last = 0

    var isWaiting: Bool { lines.contains { !$0.value.isEmpty } }

    /// Rows that wait, with their models.
    var waiting: [(row: Int, model: Int)] {
        lines.sorted { $0.key < $1.key }.flatMap { model, rows in rows.map { (row: $0, model: model) } }
    }

    /// Whether nothing is at a provider, or on the way there.
    var isIdle: Bool { chunks.isEmpty && away.isEmpty }

    /// Parcels that are being reserved.
    var isReserving: Bool { !chunks.isEmpty }

    /// Most money that the rows on the way and at providers can take.
    var held: Money {
        Money(nanoUSD: (chunks.values.map(\.bound) + away.values.map(\.bound)).reduce(0) { $0 + $1.nanoUSD })
    }

    /// Rows of the table that are at providers, or on the way there.
    var rowsAway: Set<Int> {
        away.values.reduce(into: Set(chunks.values.flatMap(\.rows))) { $0.formUnion($1.rows) }
    }

    /// Rows at providers, those of groups of an earlier process included.
    var awayCount: Int { away.values.reduce(0) { $0 + $1.count } }

    // MARK: Waiting

    /// Replaces all rows that wait.
    mutating func assign(_ choices: [(row: Int, model: Int)]) {
        lines = [:]
        for choice in choices { lines[choice.model, default: []].append(choice.row) }
    }

    mutating func add(_ row: Int, model: Int) { lines[model, default: []].append(row) }

    /// Gives out all rows that wait.
    mutating func removeWaiting() -> [(row: Int, model: Int)] {
        defer { lines = [:] }
        return waiting
    }

    /// Packs rows of one model whose bills fit `free` together, the cheapest first; nil where there is none to go now.
    ///
    /// - Parameter mayGrow: whether more may be free later: then rows whose money is not there wait for it.
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

    /// A group that an earlier process has opened.
    mutating func found(_ group: ProviderGroup) {
        away[group.name] = Away(rows: [], count: group.open, bound: group.reserved)
    }

    /// The rows of a parcel wait again, to go in smaller ones.
    mutating func refused(_ chunk: ProviderChunk) {
        chunks[chunk.number] = nil
        lines[chunk.model, default: []] += chunk.rows
        most[chunk.model] = max(1, chunk.rows.count / 2)
    }

    /// Rows that wait go in parcels of any size again: money has come back.
    mutating func budgetReleased() { most = [:] }

    /// Some rows of a group have their end.
    mutating func booked(_ count: Int, in name: String) {
        guard var group = away[name] else { return }
        group.count = max(0, group.count - count)
        away[name] = group
    }

    /// A group has ended; its rows of this table.
    mutating func ended(_ name: String) -> Set<Int> {
        budgetReleased()
        return away.removeValue(forKey: name)?.rows ?? []
    }
}

extension BatchTable {
    /// The highest possible bill of a row on a model.
    func bound(_ row: Int, _ model: Int) -> Money { rows[row].options[model]?.bound ?? .zero }
}
