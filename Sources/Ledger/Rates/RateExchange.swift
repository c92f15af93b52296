import Domain

/// The state of a node's exchange of uses with the others. A value without clock or database, driven by
/// `LedgerStore.exchangeRates`.
struct RateExchange: Sendable {
    /// Whether another node was alive at the last exchange; assumed before the first.
    private(set) var hasOthers = true
    /// The sequence number of the last counted report; nil before the first exchange.
    private(set) var lastSeen: Int64?
    /// Other nodes have joined: the next report has all that is missing from the buckets.
    private(set) var sendsAll = false
    /// The report being sent. It keeps its number until it is confirmed, so that it counts once.
    private(set) var underWay: (number: Int64, uses: [RateUse])?
    private var count: Int64 = 0
    private var acceptedAt: Timestamp?
    private var gatheredAt: Timestamp?

    /// Older uses have left all buckets.
    static let keptMilliseconds: Int64 = 60_000
    /// After a silence of this length, the gathered uses were refilled in part: at most one bucket counts.
    private static let longSilence: Int64 = 10_000

    /// Accepts the reports of other nodes; returns the new uses with their ages in milliseconds.
    mutating func accept(_ update: RateUpdate, at moment: Timestamp) -> [(use: RateUse, age: Int64)] {
        if update.hasOthers, !hasOthers { sendsAll = true }
        hasOthers = update.hasOthers
        let isLate = lastSeen != nil && Self.isLong(acceptedAt, moment)
        let known = lastSeen ?? 0
        lastSeen = max(known, update.reports.last?.sequence ?? 0)
        acceptedAt = moment
        // A clock that was set makes impossible ages.
        let fresh = update.reports.filter { $0.sequence > known && (0...Self.keptMilliseconds).contains($0.age) }
        guard isLate else { return fresh.flatMap { report in report.uses.map { ($0, report.age) } } }
        var sums: [String: RateUse] = [:]
        for use in fresh.flatMap(\.uses) {
            var sum = sums[use.key] ?? RateUse(key: use.key)
            sum.requestsPerMinute = use.requestsPerMinute ?? sum.requestsPerMinute
            sum.tokensPerMinute = use.tokensPerMinute ?? sum.tokensPerMinute
            sum.requests += use.requests
            sum.tokens += use.tokens
            sums[use.key] = sum
        }
        return sums.values.map { ($0.withinBuckets, 0) }
    }

    /// Begins to send uses, unless no other node is there or another report is being sent; false then.
    mutating func begin(_ uses: [RateUse], at moment: Timestamp) -> Bool {
        guard hasOthers, underWay == nil else { return false }
        let isLate = !sendsAll && Self.isLong(gatheredAt, moment)
        gatheredAt = moment
        sendsAll = false
        if uses.isEmpty { return false }
        count += 1
        underWay = (count, isLate ? uses.map(\.withinBuckets) : uses)
        return true
    }

    mutating func confirm(_ number: Int64) {
        if underWay?.number == number { underWay = nil }
    }

    private static func isLong(_ earlier: Timestamp?, _ now: Timestamp) -> Bool {
        earlier.map { now.milliseconds - $0.milliseconds > longSilence } ?? false
    }
}
