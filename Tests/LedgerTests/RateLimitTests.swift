import Domain
import Testing

@testable import Ledger

@Suite struct RateLimitTests {
    @Test("a bucket grants its whole minute at once and then refills evenly")
    func refill() {
        var bucket = TokenBucket(perMinute: 60, at: Sample.noon)
        for _ in 0..<60 {
            #expect(bucket.wait(for: 1, at: Sample.noon) == 0)
            bucket.consume(1, at: Sample.noon)
        }
        #expect(bucket.wait(for: 1, at: Sample.noon) == 1000)
        #expect(bucket.wait(for: 1, at: Sample.noon.advanced(bySeconds: 0.999)) == 1)
        #expect(bucket.wait(for: 1, at: Sample.noon.advanced(bySeconds: 1)) == 0)
        #expect(bucket.wait(for: 3, at: Sample.noon.advanced(bySeconds: 1)) == 2000)
    }

    @Test("a full bucket grants more than it holds, and later requests wait for the debt")
    func debt() {
        var bucket = TokenBucket(perMinute: 100, at: Sample.noon)
        #expect(bucket.wait(for: 250, at: Sample.noon) == 0)
        bucket.consume(250, at: Sample.noon)
        #expect(bucket.wait(for: 1, at: Sample.noon) == 90_600)
    }

    @Test("in any span a bucket grants at most its size and its refill", arguments: [1, 2, 3, 4, 5] as [UInt64])
    func bound(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let perMinute = Int.random(in: 1...500, using: &generator)
        var bucket = TokenBucket(perMinute: perMinute, at: Sample.noon)
        var clock = Sample.noon
        var taken: [(at: Timestamp, count: Int)] = []
        for _ in 0..<2000 {
            clock = Timestamp(milliseconds: clock.milliseconds + .random(in: 0...900, using: &generator))
            let count = Int.random(in: 1...min(20, perMinute), using: &generator)
            let wait = bucket.wait(for: count, at: clock)
            if wait == 0 {
                bucket.consume(count, at: clock)
                taken.append((clock, count))
            } else if let wait {
                // The wait is right: a millisecond earlier would have been too early.
                var later = bucket
                #expect(later.wait(for: count, at: Timestamp(milliseconds: clock.milliseconds + wait)) == 0)
                var early = bucket
                #expect(early.wait(for: count, at: Timestamp(milliseconds: clock.milliseconds + wait - 1)) != 0)
            }
        }
        for first in taken.indices where first % 37 == 0 {
            var sum = 0
            for take in taken[first...] {
                sum += take.count
                let span = take.at.milliseconds - taken[first].at.milliseconds
                #expect(Int64(sum) * 60_000 <= Int64(perMinute) * (60_000 + span))
            }
        }
    }

    @Test("a clock that goes back neither grants tokens nor prolongs a wait")
    func clockBack() {
        var bucket = TokenBucket(perMinute: 10, at: Sample.noon)
        bucket.consume(10, at: Sample.noon)
        let earlier = Sample.noon.advanced(bySeconds: -3600)
        #expect(bucket.wait(for: 1, at: earlier) == 6000)
        #expect(bucket.wait(for: 1, at: earlier.advanced(bySeconds: 6)) == 0)
    }

    @Test("a key with a limit of requests a minute has to wait, and one without has not")
    func requests() {
        let limits = KeyRates()
        let key = AccessKey(id: "k", createdAt: Sample.noon, requestsPerMinute: 3)
        #expect((0..<3).allSatisfy { _ in limits.admit(key, at: Sample.noon) == nil })
        #expect(
            limits.admit(key, at: Sample.noon) == RateRefusal(limit: .requests(perMinute: 3), retryAfterSeconds: 20))
        #expect(limits.admit(key, at: Sample.noon.advanced(bySeconds: 20)) == nil)
        let free = AccessKey(id: "free", createdAt: Sample.noon)
        #expect((0..<1000).allSatisfy { _ in limits.admit(free, at: Sample.noon) == nil })
    }

    @Test(
        "a call takes the tokens it may use at most, and gives back what it did not use; jobs are not stopped halfway")
    func tokens() async throws {
        try await TemporaryLedger.with { ledger, _ in
            let key = AccessKey(id: "abcdefghij", createdAt: Sample.noon, tokensPerMinute: 1000)
            let text = try await ledger.createKey(key, budgets: [])
            _ = try await ledger.authenticate(text, at: Sample.noon)
            let call = Sample.call(account: Attribution(key: key.id))
            _ = try await ledger.reserve(Sample.request("a", nanoUSD: 1, tokens: 900, call: call))
            let next = Sample.request("b", nanoUSD: 1, tokens: 500, call: call)
            let refusal = RateRefusal(limit: .tokens(perMinute: 1000), retryAfterSeconds: 24)
            await #expect(throws: LedgerError.rateLimited(refusal)) { try await ledger.reserve(next) }
            #expect(try await ledger.read { try $0.openReservations() }.map(\.request.id) == ["a"])
            // 130 tokens were used of 900.
            _ = try await ledger.settle("a", Sample.entry("a", nanoUSD: 1, call: call))
            _ = try await ledger.reserve(next)
            let step = Sample.call(account: Attribution(key: key.id, job: "j"))
            _ = try await ledger.reserve(Sample.request("step", nanoUSD: 1, tokens: 5000, call: step))
            try await ledger.release("step")
            try await ledger.release("b")
            _ = try await ledger.reserve(Sample.request("c", nanoUSD: 1, tokens: 870, call: call))
            // A refused reservation keeps nothing.
            try await ledger.write { try $0.setBudget(Budget(scope: .global, limit: .usd(.zero)), at: Sample.noon) }
            try await ledger.release("c")
            let poor = Sample.request("d", nanoUSD: 9, tokens: 800, call: call)
            for _ in 0..<3 {
                let error = await #expect(throws: LedgerError.self) { try await ledger.reserve(poor) }
                #expect(error?.refusal != nil)
            }
        }
    }
}
