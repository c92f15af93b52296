import Domain

/// How far a node is in telling the others what its keys have used, and in hearing of theirs. A value without clock or
/// database: `LedgerStore.exchangeRates` drives it.
struct RateExchange: Sendable {
    /// Whether another node lived at the last look; taken for granted before the first.
    private(set) var hasOthers = true
    /// The last of the others' uses that was counted; nil before the first look.
    private(set) var lastSeen: Int64?
    /// Others have come while this node was alone: they are told all that is missing from its buckets.
    private(set) var tellsAll = false
    /// What is being told. It stays the same, under its number, until it has certainly arrived: so it counts once.
    private(set) var underWay: (number: Int64, uses: [RateUse])?
    private var count: Int64 = 0
    private var learnedAt: Timestamp?
    private var gatheredAt: Timestamp?

    /// Uses that are older than this are in nobody's bucket any more.
    static let keptMilliseconds: Int64 = 60_000
    /// After a silence of this length, what has gathered was refilled in part: no more than a bucket of it counts.
    private static let longSilence: Int64 = 10_000

    /// Takes in what a look has found; the uses that are new, with their ages in milliseconds.
    mutating func learn(_ news: RateUpdate, at moment: Timestamp) -> [(use: RateUse, age: Int64)] {
        if news.hasOthers, !hasOthers { tellsAll = true }
        hasOthers = news.hasOthers
        let isLate = lastSeen != nil && Self.isLong(learnedAt, moment)
        let known = lastSeen ?? 0
        lastSeen = max(known, news.told.last?.sequence ?? 0)
        learnedAt = moment
        // A clock that was set makes ages that cannot be.
        let told = news.told.filter { $0.sequence > known && (0...Self.keptMilliseconds).contains($0.age) }
        guard isLate else { return told.flatMap { told in told.uses.map { ($0, told.age) } } }
        var sums: [String: RateUse] = [:]
        for use in told.flatMap(\.uses) {
            var sum = sums[use.key] ?? RateUse(key: use.key)
            sum.requestsPerMinute = use.requestsPerMinute ?? sum.requestsPerMinute
            sum.tokensPerMinute = use.tokensPerMinute ?? sum.tokensPerMinute
            sum.requests += use.requests
            sum.tokens += use.tokens
            sums[use.key] = sum
        }
        return sums.values.map { ($0.withinBuckets, 0) }
    }

    /// Begins to tell some uses, where somebody is there and nothing else is being told; false where they have to wait.
    mutating func begin(_ uses: [RateUse], at moment: Timestamp) -> Bool {
        guard hasOthers, underWay == nil else { return false }
        let isLate = !tellsAll && Self.isLong(gatheredAt, moment)
        gatheredAt = moment
        tellsAll = false
        if uses.isEmpty { return false }
        count += 1
        underWay = (count, isLate ? uses.map(\.withinBuckets) : uses)
        return true
    }

    mutating func arrived(_ number: Int64) {
        if underWay?.number == number { underWay = nil }
    }

    private static func isLong(_ earlier: Timestamp?, _ now: Timestamp) -> Bool {
        earlier.map { now.milliseconds - $0.milliseconds > longSilence } ?? false
    }
}
