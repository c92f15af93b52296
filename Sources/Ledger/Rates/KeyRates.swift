import Domain
import Synchronization

/// Requests and tokens a minute of all keys, as this node counts them: its own uses at once, those of other nodes as
/// they report them (`exchangeRates`).
///
/// A call consumes the tokens of its upper bound when it is reserved, and restores the unused ones when it is settled.
/// Steps of jobs and rows of batches consume tokens too but are never refused: failing accepted work halfway would
/// waste what it has spent. The key's next call waits instead.
final class KeyRates: Sendable {
    private struct Account {
        var requests: TokenBucket?
        var tokens: TokenBucket?
        var unreported: (requests: Int, tokens: Int) = (0, 0)
    }

    private struct State {
        var accounts: [String: Account] = [:]
        /// Tokens of calls that are being made.
        var held: [String: (key: String, tokens: Int)] = [:]
        var exchange = RateExchange()
        /// Full buckets are dropped at this number of keys.
        var roomFor = KeyRates.usualKeys
    }

    private let state = Mutex(State())
    private static let usualKeys = 10_000

    // MARK: This node's uses

    /// Records the limits of an authenticated key. A changed limit begins with a full bucket.
    func record(_ key: AccessKey, at moment: Timestamp) {
        state.withLock { state in
            if key.requestsPerMinute == nil, key.tokensPerMinute == nil {
                state.accounts.removeValue(forKey: key.id)
                return
            }
            Self.makeRoom(in: &state, at: moment)
            var account = state.accounts.removeValue(forKey: key.id) ?? Account()
            account.requests = Self.bucket(account.requests, key.requestsPerMinute, at: moment)
            account.tokens = Self.bucket(account.tokens, key.tokensPerMinute, at: moment)
            state.accounts[key.id] = account
        }
    }

    private static func bucket(_ known: TokenBucket?, _ limit: Int?, at moment: Timestamp) -> TokenBucket? {
        guard let limit else { return nil }
        let fresh = TokenBucket(perMinute: limit, at: moment)
        return known.flatMap { $0.perMinute == fresh.perMinute ? $0 : nil } ?? fresh
    }

    /// Consumes one request; returns the refusal if the key has to wait.
    func admit(_ key: AccessKey, at moment: Timestamp) -> RateRefusal? {
        guard let limit = key.requestsPerMinute else { return nil }
        return state.withLock { state in
            var account = state.accounts[key.id] ?? Account()
            var bucket = account.requests ?? TokenBucket(perMinute: limit, at: moment)
            let wait = bucket.wait(for: 1, at: moment) ?? 0
            if wait == 0 {
                bucket.consume(1, at: moment)
                if state.exchange.hasOthers { account.unreported.requests += 1 }
            }
            account.requests = bucket
            state.accounts[key.id] = account
            if wait == 0 { return nil }
            return RateRefusal(limit: .requests(perMinute: limit), retryAfterSeconds: Int((wait + 999) / 1000))
        }
    }

    /// Consumes a call's upper bound of tokens once; returns the refusal if there are too few.
    func consume(_ request: ReservationRequest) -> RateRefusal? {
        let attribution = request.call.attribution
        guard let key = attribution.key else { return nil }
        let mayWait = attribution.job == nil && attribution.batch == nil
        return state.withLock { state in
            guard state.held[request.id] == nil else { return nil }
            var account = state.accounts[key] ?? Account()
            // Work of a key that another node authenticated, which knows the limit.
            guard account.tokens != nil || (!mayWait && state.exchange.hasOthers) else { return nil }
            let tokens = Int(request.upperBound.tokens)
            if mayWait, var bucket = account.tokens {
                let wait = bucket.wait(for: tokens, at: request.at) ?? 86_400_000
                if wait > 0 {
                    return RateRefusal(
                        limit: .tokens(perMinute: Int(bucket.perMinute)), retryAfterSeconds: Int((wait + 999) / 1000))
                }
            }
            account.tokens?.consume(tokens, at: request.at)
            if state.exchange.hasOthers { account.unreported.tokens += tokens }
            state.accounts[key] = account
            state.held[request.id] = (key, tokens)
            return nil
        }
    }

    /// Ends a call: restores the tokens it did not use.
    func end(_ reservation: String, used: Int, at moment: Timestamp) {
        state.withLock { state in
            guard let held = state.held.removeValue(forKey: reservation), var account = state.accounts[held.key] else {
                return
            }
            if used <= held.tokens {
                account.tokens?.restore(held.tokens - used)
            } else {
                account.tokens?.consume(used - held.tokens, at: moment)
            }
            if state.exchange.hasOthers { account.unreported.tokens += used - held.tokens }
            state.accounts[held.key] = account
        }
    }

    /// Ends the calls that a commit settles or releases.
    func end(with commit: StepCommit) {
        for (reservation, entry) in commit.settlements {
            let usage = entry.result.usage
            end(reservation, used: usage.promptTokens + usage.completionTokens, at: entry.at)
        }
        for reservation in commit.releases { end(reservation, used: 0, at: .now()) }
    }

    /// Drops keys with full buckets; the next time at twice the number of keys left.
    private static func makeRoom(in state: inout State, at moment: Timestamp) {
        guard state.accounts.count >= state.roomFor else { return }
        let hasOthers = state.exchange.hasOthers
        state.accounts = state.accounts.filter { _, account in
            var (requests, tokens) = (account.requests, account.tokens)
            return (hasOthers && account.unreported != (0, 0)) || (requests?.missing(at: moment) ?? 0) > 0
                || (tokens?.missing(at: moment) ?? 0) > 0
        }
        state.roomFor = max(usualKeys, 2 * state.accounts.count)
    }

    /// The buckets of a key; nil for one without limits.
    func buckets(of key: String) -> (requests: TokenBucket?, tokens: TokenBucket?)? {
        state.withLock { $0.accounts[key].map { ($0.requests, $0.tokens) } }
    }

    /// How many keys are in memory.
    var keyCount: Int { state.withLock { $0.accounts.count } }

    // MARK: Other nodes' uses

    /// Whether another node was alive at the last exchange; true before the first.
    var hasOthers: Bool { state.withLock { $0.exchange.hasOthers } }

    /// The sequence number of the last counted report; nil before the first exchange.
    var lastSeen: Int64? { state.withLock { $0.exchange.lastSeen } }

    /// Counts reports of other nodes.
    func accept(_ update: RateUpdate, at moment: Timestamp) {
        state.withLock { state in
            Self.makeRoom(in: &state, at: moment)
            let isFirst = state.exchange.lastSeen == nil
            for (use, age) in state.exchange.accept(update, at: moment) {
                let then = Timestamp(milliseconds: moment.milliseconds - age)
                var account = state.accounts[use.key] ?? Account()
                // A starting node counts the last minute's uses at their own times, later ones as they arrive.
                if account.requests == nil { account.requests = Self.bucket(nil, use.requestsPerMinute, at: then) }
                if account.tokens == nil { account.tokens = Self.bucket(nil, use.tokensPerMinute, at: then) }
                if account.requests == nil, account.tokens == nil { continue }
                account.requests?.consume(use.requests, usedAt: isFirst ? then : moment)
                if use.tokens < 0 {
                    account.tokens?.restore(-use.tokens)
                } else {
                    account.tokens?.consume(use.tokens, usedAt: isFirst ? then : moment)
                }
                state.accounts[use.key] = account
            }
        }
    }

    /// The report to send now, with its number; nil for none. It stays the same until it is confirmed.
    func nextReport(at moment: Timestamp) -> (number: Int64, uses: [RateUse])? {
        state.withLock { state in
            guard state.exchange.hasOthers, state.exchange.underWay == nil else { return state.exchange.underWay }
            var uses: [RateUse] = []
            for (key, account) in state.accounts {
                var use = RateUse(
                    key: key, requestsPerMinute: account.requests.map { Int($0.perMinute) },
                    requests: account.unreported.requests, tokensPerMinute: account.tokens.map { Int($0.perMinute) },
                    tokens: account.unreported.tokens)
                if state.exchange.sendsAll {
                    var (requests, tokens) = (account.requests, account.tokens)
                    use.requests = requests?.missing(at: moment) ?? 0
                    use.tokens = tokens?.missing(at: moment) ?? 0
                }
                if !use.isNothing { uses.append(use) }
            }
            guard state.exchange.begin(uses, at: moment) else { return nil }
            for use in uses { state.accounts[use.key]?.unreported = (0, 0) }
            return state.exchange.underWay
        }
    }

    func confirm(_ number: Int64) {
        state.withLock { $0.exchange.confirm(number) }
    }
}
