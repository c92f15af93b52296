import Domain
import Synchronization

/// The requests and tokens a minute of all keys, as this node counts them: its own uses at once, those of the other
/// nodes when they tell of them (`exchangeRates`).
///
/// A call takes the tokens of its upper bound when it is reserved, and gives back what it did not use when it is settled.
/// Steps of jobs and rows of batches take theirs as well and are never refused: they were accepted before, and to fail
/// them halfway would waste what they have spent; it is the next call of the key that waits.
final class KeyRates: Sendable {
    private struct Account {
        var requests: TokenBucket?
        var tokens: TokenBucket?
        var untold: (requests: Int, tokens: Int) = (0, 0)
    }

    private struct State {
        var accounts: [String: Account] = [:]
        /// Tokens of calls that are being made.
        var held: [String: (key: String, tokens: Int)] = [:]
        var exchange = RateExchange()
        /// Full buckets are forgotten when there are so many keys.
        var roomFor = KeyRates.usualKeys
    }

    private let state = Mutex(State())
    private static let usualKeys = 10_000

    // MARK: This node's uses

    /// Notes the limits of a key that was shown. A limit that was changed begins with a full bucket.
    func note(_ key: AccessKey, at moment: Timestamp) {
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

    /// Takes one request; the refusal where the key has to wait.
    func admit(_ key: AccessKey, at moment: Timestamp) -> RateRefusal? {
        guard let limit = key.requestsPerMinute else { return nil }
        return state.withLock { state in
            var account = state.accounts[key.id] ?? Account()
            var bucket = account.requests ?? TokenBucket(perMinute: limit, at: moment)
            let wait = bucket.wait(for: 1, at: moment) ?? 0
            if wait == 0 {
                bucket.take(1, at: moment)
                if state.exchange.hasOthers { account.untold.requests += 1 }
            }
            account.requests = bucket
            state.accounts[key.id] = account
            if wait == 0 { return nil }
            return RateRefusal(limit: .requests(perMinute: limit), retryAfterSeconds: Int((wait + 999) / 1000))
        }
    }

    /// Takes a call's upper bound of tokens, once; the refusal where there are too few.
    func take(_ request: ReservationRequest) -> RateRefusal? {
        let attribution = request.call.attribution
        guard let key = attribution.key else { return nil }
        let mayWait = attribution.job == nil && attribution.batch == nil
        return state.withLock { state in
            guard state.held[request.id] == nil else { return nil }
            var account = state.accounts[key] ?? Account()
            // Work of a key that was shown to another node: that one knows the key's limit.
            guard account.tokens != nil || (!mayWait && state.exchange.hasOthers) else { return nil }
            let tokens = Int(request.upperBound.tokens)
            if mayWait, var bucket = account.tokens {
                let wait = bucket.wait(for: tokens, at: request.at) ?? 86_400_000
                if wait > 0 {
                    return RateRefusal(
                        limit: .tokens(perMinute: Int(bucket.perMinute)), retryAfterSeconds: Int((wait + 999) / 1000))
                }
            }
            account.tokens?.take(tokens, at: request.at)
            if state.exchange.hasOthers { account.untold.tokens += tokens }
            state.accounts[key] = account
            state.held[request.id] = (key, tokens)
            return nil
        }
    }

    /// A call has ended: what it took beyond what it used comes back.
    func end(_ reservation: String, used: Int, at moment: Timestamp) {
        state.withLock { state in
            guard let held = state.held.removeValue(forKey: reservation), var account = state.accounts[held.key] else {
                return
            }
            if used <= held.tokens {
                account.tokens?.giveBack(held.tokens - used)
            } else {
                account.tokens?.take(used - held.tokens, at: moment)
            }
            if state.exchange.hasOthers { account.untold.tokens += used - held.tokens }
            state.accounts[held.key] = account
        }
    }

    /// What a commit tells of calls that have ended.
    func end(with commit: StepCommit) {
        for (reservation, entry) in commit.settlements {
            let usage = entry.result.usage
            end(reservation, used: usage.promptTokens + usage.completionTokens, at: entry.at)
        }
        for reservation in commit.releases { end(reservation, used: 0, at: .now()) }
    }

    /// Forgets keys that have used nothing of late. Before that is looked for again, as many more have to come.
    private static func makeRoom(in state: inout State, at moment: Timestamp) {
        guard state.accounts.count >= state.roomFor else { return }
        let hasOthers = state.exchange.hasOthers
        state.accounts = state.accounts.filter { _, account in
            var (requests, tokens) = (account.requests, account.tokens)
            return (hasOthers && account.untold != (0, 0)) || (requests?.missing(at: moment) ?? 0) > 0
                || (tokens?.missing(at: moment) ?? 0) > 0
        }
        state.roomFor = max(usualKeys, 2 * state.accounts.count)
    }

    /// How many keys are in memory.
    var keyCount: Int { state.withLock { $0.accounts.count } }

    // MARK: Other nodes' uses

    /// Whether another node lived when this one looked last; true before the first look.
    var hasOthers: Bool { state.withLock { $0.exchange.hasOthers } }

    /// The last of the others' uses that was counted; nil before the first look.
    var lastSeen: Int64? { state.withLock { $0.exchange.lastSeen } }

    /// Counts what the others told.
    func learn(_ news: RateUpdate, at moment: Timestamp) {
        state.withLock { state in
            Self.makeRoom(in: &state, at: moment)
            let isFirst = state.exchange.lastSeen == nil
            for (use, age) in state.exchange.learn(news, at: moment) {
                let then = Timestamp(milliseconds: moment.milliseconds - age)
                var account = state.accounts[use.key] ?? Account()
                // A node that begins counts a minute's uses at their own times, the others' as they arrive.
                if account.requests == nil { account.requests = Self.bucket(nil, use.requestsPerMinute, at: then) }
                if account.tokens == nil { account.tokens = Self.bucket(nil, use.tokensPerMinute, at: then) }
                if account.requests == nil, account.tokens == nil { continue }
                account.requests?.take(use.requests, usedAt: isFirst ? then : moment)
                if use.tokens < 0 {
                    account.tokens?.giveBack(-use.tokens)
                } else {
                    account.tokens?.take(use.tokens, usedAt: isFirst ? then : moment)
                }
                state.accounts[use.key] = account
            }
        }
    }

    /// What the others are to be told now, under a number; nil for nothing. The same is told until it has `arrived`.
    func telling(at moment: Timestamp) -> (number: Int64, uses: [RateUse])? {
        state.withLock { state in
            guard state.exchange.hasOthers, state.exchange.underWay == nil else { return state.exchange.underWay }
            var uses: [RateUse] = []
            for (key, account) in state.accounts {
                var use = RateUse(
                    key: key, requestsPerMinute: account.requests.map { Int($0.perMinute) },
                    requests: account.untold.requests, tokensPerMinute: account.tokens.map { Int($0.perMinute) },
                    tokens: account.untold.tokens)
                if state.exchange.tellsAll {
                    var (requests, tokens) = (account.requests, account.tokens)
                    use.requests = requests?.missing(at: moment) ?? 0
                    use.tokens = tokens?.missing(at: moment) ?? 0
                }
                if !use.isNothing { uses.append(use) }
            }
            guard state.exchange.begin(uses, at: moment) else { return nil }
            for use in uses { state.accounts[use.key]?.untold = (0, 0) }
            return state.exchange.underWay
        }
    }

    func arrived(_ number: Int64) {
        state.withLock { $0.exchange.arrived(number) }
    }
}
