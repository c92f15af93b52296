import Core
import Synchronization

/// Tokens a minute of the keys that have such a limit, on this node.
///
/// A call takes its upper bound when it is reserved, and gives back what it did not use when it is settled. Steps of
/// jobs and rows of batches take theirs as well and are never refused: they were accepted before, and to fail them
/// halfway would waste what they have spent; it is the next call of the key that waits.
final class TokenRates: Sendable {
    private struct State {
        var buckets: [String: TokenBucket] = [:]
        var held: [String: (key: String, tokens: Int)] = [:]
    }

    private let state = Mutex(State())

    /// Notes the limit of a key that was shown. A limit that was changed begins with a full bucket.
    func note(_ key: AccessKey, at moment: Timestamp) {
        state.withLock { state in
            guard let limit = key.tokensPerMinute else {
                state.buckets.removeValue(forKey: key.id)
                return
            }
            let fresh = TokenBucket(perMinute: limit, at: moment)
            if state.buckets[key.id]?.perMinute != fresh.perMinute { state.buckets[key.id] = fresh }
        }
    }

    /// Takes a call's upper bound, once; the refusal where there are too few.
    func take(_ request: ReservationRequest) -> RateRefusal? {
        let account = request.call.attribution
        guard let key = account.key else { return nil }
        return state.withLock { state in
            guard var bucket = state.buckets[key], state.held[request.id] == nil else { return nil }
            let tokens = Int(request.upperBound.tokens)
            if account.job == nil, account.batch == nil {
                let wait = bucket.wait(for: tokens, at: request.at) ?? 86_400_000
                if wait > 0 {
                    state.buckets[key] = bucket
                    return RateRefusal(
                        limit: .tokens(perMinute: Int(bucket.perMinute)), retryAfterSeconds: Int((wait + 999) / 1000))
                }
            }
            bucket.take(tokens, at: request.at)
            state.buckets[key] = bucket
            state.held[request.id] = (key, tokens)
            return nil
        }
    }

    /// A call has ended: what it took beyond what it used comes back.
    func end(_ reservation: String, used: Int, at moment: Timestamp) {
        state.withLock { state in
            guard let held = state.held.removeValue(forKey: reservation) else { return }
            if used <= held.tokens {
                state.buckets[held.key]?.giveBack(held.tokens - used)
            } else {
                state.buckets[held.key]?.take(used - held.tokens, at: moment)
            }
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
}
