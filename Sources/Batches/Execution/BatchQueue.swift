import Domain

/// State machine that picks the next row of a batch to call, and its model. No I/O.
///
/// Each model has its own queue, in falling order of the upper-bound cost, so that the last reservations are small. A
/// row starts when its model has a free slot and no backoff. Its upper bound must fit the money neither spent nor
/// reserved.
struct BatchQueue: Sendable {
    enum Next: Hashable, Sendable {
        case start(row: Int, model: Int)
        /// No call is in flight, and this row's upper bound exceeds the money left.
        case unaffordable(row: Int, model: Int)
        /// Nothing can start before a call ends, or before that second.
        case wait(until: Double?)
        case empty
    }

    var table: BatchTable
    private let concurrency: Int
    private let widths: [Int]
    /// Rows by model; the next row is the last element.
    private var lines: [[Int]]
    private var running: [Int: Int] = [:]
    private var runningByModel: [Int]
    private var backoffUntil: [Double]
    private var failuresInRow: [Int]
    private var turn = 0

    init(table: BatchTable, concurrency: Int) {
        self.table = table
        self.concurrency = max(concurrency, 1)
        widths = table.models.indices.map { max(1, table.width(of: $0, concurrency: concurrency)) }
        lines = table.models.map { _ in [] }
        runningByModel = table.models.map { _ in 0 }
        backoffUntil = table.models.map { _ in 0 }
        failuresInRow = runningByModel
    }

    /// Calls in flight.
    var runningCount: Int { running.count }
    var runningRows: Set<Int> { Set(running.keys) }
    var isWaiting: Bool { lines.contains { !$0.isEmpty } }
    /// Queued rows with their models.
    var waiting: [(row: Int, model: Int)] {
        lines.enumerated().flatMap { model, rows in rows.map { (row: $0, model: model) } }
    }

    /// Upper bound of the cost of all calls in flight.
    var reserved: Money {
        Money(nanoUSD: running.reduce(0) { $0 + bound($1.key, $1.value).nanoUSD })
    }

    /// Replaces all queues.
    mutating func assign(_ choices: [(row: Int, model: Int)]) {
        lines = table.models.map { _ in [] }
        for choice in choices { lines[choice.model].append(choice.row) }
        for model in lines.indices {
            let bounds = lines[model].map { (row: $0, bound: bound($0, model)) }
            lines[model] = bounds.sorted { ($0.bound, $1.row) < ($1.bound, $0.row) }.map(\.row)
        }
    }

    /// Queues one row as its model's next.
    mutating func add(_ row: Int, model: Int) {
        lines[model].append(row)
    }

    /// - Parameters:
    ///   - left: money not spent, reservations included; nil for no limit.
    ///   - now: seconds on any monotonic clock.
    ///   - mayGrow: whether money may be released by other work than these calls.
    mutating func next(left: Money?, at now: Double, mayGrow: Bool = false) -> Next {
        guard isWaiting else { return .empty }
        guard running.count < concurrency else { return .wait(until: nil) }
        let free = left.map { $0.nanoUSD - reserved.nanoUSD }
        var unaffordable: (row: Int, model: Int)?
        var earliest: Double?
        for offset in lines.indices {
            let model = (turn + offset) % lines.count
            guard let row = lines[model].last, runningByModel[model] < widths[model] else { continue }
            if backoffUntil[model] > now {
                earliest = min(earliest ?? .infinity, backoffUntil[model])
            } else if let free, bound(row, model).nanoUSD > free {
                unaffordable = (row, model)
            } else {
                lines[model].removeLast()
                running[row] = model
                runningByModel[model] += 1
                turn = (model + 1) % lines.count
                return .start(row: row, model: model)
            }
        }
        if running.isEmpty, !mayGrow, let unaffordable {
            lines[unaffordable.model].removeLast()
            return .unaffordable(row: unaffordable.row, model: unaffordable.model)
        }
        return .wait(until: earliest)
    }

    /// Records the end of a row's call.
    mutating func ended(_ row: Int) {
        guard let model = running.removeValue(forKey: row) else { return }
        runningByModel[model] -= 1
    }

    mutating func succeeded(_ model: Int) { failuresInRow[model] = 0 }

    /// Backs off from a model for the server's `Retry-After`, else exponentially from 0.5 s to 30 s.
    mutating func failed(_ model: Int, retryAfter: Double?, at now: Double) {
        failuresInRow[model] += 1
        let pause = min(30, 0.25 * Double(1 << min(failuresInRow[model], 7)))
        backoffUntil[model] = max(backoffUntil[model], now + max(retryAfter ?? 0, pause))
    }

    private func bound(_ row: Int, _ model: Int) -> Money { table.rows[row].options[model]?.bound ?? .zero }
}
