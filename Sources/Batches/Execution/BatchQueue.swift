import Domain

/// Which row of a batch is called next, by which model: a pure state machine over the plan's choices.
///
/// Every model has its own line of rows, those with the highest possible bill first, so that the reservations of the
/// last rows are small. A row starts when its model has a place free, does not rest after a failure, and the row's
/// highest bill fits the money that neither spent nor set aside for calls under way.
struct BatchQueue: Sendable {
    enum Next: Hashable, Sendable {
        case start(row: Int, model: Int)
        /// Nothing is under way, and this row's bill does not fit what is left.
        case unaffordable(row: Int, model: Int)
        /// Nothing can start before something ends, or before that second.
        case wait(until: Double?)
        case empty
    }

    var table: BatchTable
    private let concurrency: Int
    private let widths: [Int]
    /// Rows by model; the next one stands last.
    private var lines: [[Int]]
    private var running: [Int: Int] = [:]
    private var runningByModel: [Int]
    private var restUntil: [Double]
    private var failuresInRow: [Int]
    private var turn = 0

    init(table: BatchTable, concurrency: Int) {
        self.table = table
        self.concurrency = max(concurrency, 1)
        widths = table.models.indices.map { max(1, table.width(of: $0, concurrency: concurrency)) }
        lines = table.models.map { _ in [] }
        runningByModel = table.models.map { _ in 0 }
        restUntil = table.models.map { _ in 0 }
        failuresInRow = runningByModel
    }

    /// Calls under way.
    var runningCount: Int { running.count }
    var runningRows: Set<Int> { Set(running.keys) }
    var isWaiting: Bool { lines.contains { !$0.isEmpty } }
    /// Rows that wait, with their models.
    var waiting: [(row: Int, model: Int)] {
        lines.enumerated().flatMap { model, rows in rows.map { (row: $0, model: model) } }
    }

    /// Most money that the calls under way can take.
    var reserved: Money {
        Money(nanoUSD: running.reduce(0) { $0 + bound($1.key, $1.value).nanoUSD })
    }

    /// Replaces all lines: the rows that wait, each with its model.
    mutating func assign(_ choices: [(row: Int, model: Int)]) {
        lines = table.models.map { _ in [] }
        for choice in choices { lines[choice.model].append(choice.row) }
        for model in lines.indices {
            let bounds = lines[model].map { (row: $0, bound: bound($0, model)) }
            lines[model] = bounds.sorted { ($0.bound, $1.row) < ($1.bound, $0.row) }.map(\.row)
        }
    }

    /// Puts one row in the line of a model, as its next.
    mutating func add(_ row: Int, model: Int) {
        lines[model].append(row)
    }

    /// - Parameters:
    ///   - left: money not spent yet, what is set aside included; nil for any.
    ///   - now: seconds on any clock.
    ///   - mayGrow: whether money may come back without any of these calls ending.
    mutating func next(left: Money?, at now: Double, mayGrow: Bool = false) -> Next {
        guard isWaiting else { return .empty }
        guard running.count < concurrency else { return .wait(until: nil) }
        let free = left.map { $0.nanoUSD - reserved.nanoUSD }
        var unaffordable: (row: Int, model: Int)?
        var earliest: Double?
        for offset in lines.indices {
            let model = (turn + offset) % lines.count
            guard let row = lines[model].last, runningByModel[model] < widths[model] else { continue }
            if restUntil[model] > now {
                earliest = min(earliest ?? .infinity, restUntil[model])
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

    /// Notes the end of a row's call.
    mutating func ended(_ row: Int) {
        guard let model = running.removeValue(forKey: row) else { return }
        runningByModel[model] -= 1
    }

    mutating func succeeded(_ model: Int) { failuresInRow[model] = 0 }

    /// Lets a model rest after a failure: what its server asks for, else 0.5 s doubled with each failure in a row.
    mutating func failed(_ model: Int, retryAfter: Double?, at now: Double) {
        failuresInRow[model] += 1
        let pause = min(30, 0.25 * Double(1 << min(failuresInRow[model], 7)))
        restUntil[model] = max(restUntil[model], now + max(retryAfter ?? 0, pause))
    }

    private func bound(_ row: Int, _ model: Int) -> Money { table.rows[row].options[model]?.bound ?? .zero }
}
