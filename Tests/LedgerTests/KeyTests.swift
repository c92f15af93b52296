import Core
import Foundation
import Testing

@testable import Ledger

@Suite struct KeyTests {
    private let key = AccessKey(
        id: "abcdefghij", team: "t", label: "the bot", createdAt: Sample.noon,
        expiresAt: Sample.noon.advanced(bySeconds: 100),
        models: ModelFilter(allow: ["a/small"], deny: ["b/\"large\""]), policy: "thrifty", requestsPerMinute: 60,
        tokensPerMinute: 1000)

    @Test("a key's text opens what was kept of it, and the secret itself is nowhere in the file")
    func createAndShow() async throws {
        try await TemporaryLedger.with { ledger, place in
            let budget = Budget(scope: .key("abcdefghij"), limit: .usd(Money(nanoUSD: 20)), window: .month)
            let text = try await ledger.createKey(key, budgets: [budget])
            #expect(text.hasPrefix("hera-abcdefghij-"))
            #expect(try await ledger.authenticate(text, at: Sample.noon) == key)
            #expect(try await ledger.keys() == [key])
            #expect(try await ledger.budgets(of: [.key("abcdefghij")], at: Sample.noon).map(\.budget) == [budget])
            let secret = try #require(text.split(separator: "-").last)
            #expect(try place.bytes().firstRange(of: Array(secret.utf8)) == nil)
            #expect(try place.bytes().firstRange(of: Array("abcdefghij".utf8)) != nil)
        }
    }

    @Test(
        "a text that is no key of this ledger is refused",
        arguments: [
            "", "hera", "hera-abcdefghij-", "sk-123", "hera-abcdefghij-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "hera-unknownkey-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "hera-a-b-c",
        ])
    func unknown(_ text: String) async throws {
        try await TemporaryLedger.with { ledger, _ in
            _ = try await ledger.createKey(key, budgets: [])
            let error = await #expect(throws: LedgerError.self) {
                try await ledger.authenticate(text, at: Sample.noon)
            }
            #expect(error?.description.contains("not known") == true)
        }
    }

    @Test("a key that was revoked is refused from the next call on, also by another store")
    func revoke() async throws {
        try await TemporaryLedger.with { ledger, place in
            let text = try await ledger.createKey(key, budgets: [])
            let other = try place.open()
            #expect(try await other.authenticate(text, at: Sample.noon).id == key.id)
            try await ledger.revokeKey(key.id, at: Sample.noon)
            let error = await #expect(throws: LedgerError.self) {
                try await other.authenticate(text, at: Sample.noon)
            }
            #expect(error?.description.contains("revoked") == true)
            await #expect(throws: LedgerError.notFound(kind: "key", id: "x")) {
                try await ledger.revokeKey("x", at: Sample.noon)
            }
            await other.close()
        }
    }

    @Test("a key that expired is refused and says when it did")
    func expiry() async throws {
        try await TemporaryLedger.with { ledger, _ in
            let text = try await ledger.createKey(key, budgets: [])
            _ = try await ledger.authenticate(text, at: Sample.noon.advanced(bySeconds: 99.9))
            let error = await #expect(throws: LedgerError.self) {
                try await ledger.authenticate(text, at: Sample.noon.advanced(bySeconds: 100))
            }
            #expect(error?.description.contains("expired at 2026-11-21T12:01:40.000Z") == true)
        }
    }

    @Test("an id is given once, budgets belong to the key, and limits are above zero")
    func refused() async throws {
        try await TemporaryLedger.with { ledger, _ in
            _ = try await ledger.createKey(key, budgets: [])
            await #expect(throws: LedgerError.duplicate(kind: "key", id: key.id)) {
                try await ledger.createKey(key, budgets: [])
            }
            let other = AccessKey(createdAt: Sample.noon)
            await #expect(throws: LedgerError.self) {
                try await ledger.createKey(other, budgets: [Budget(scope: .global, limit: .tokens(1))])
            }
            await #expect(throws: LedgerError.self) {
                try await ledger.createKey(AccessKey(createdAt: Sample.noon, requestsPerMinute: 0), budgets: [])
            }
            #expect(try await ledger.keys().map(\.id) == [key.id])
        }
    }
}

@Suite struct SHA256Tests {
    @Test(
        "hashes are those of the standard's examples and of sha256sum",
        arguments: [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
            ),
            (String(repeating: "a", count: 1000), "41edece42d63e8d9bf515a9ba6932e1c20cbc9f5a5d134645adb5db1b9737ea3"),
        ])
    func examples(_ text: String, _ digest: String) {
        let hexadecimal = SHA256.hash(Array(text.utf8)).map { byte in
            (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }
        #expect(hexadecimal.joined() == digest)
    }

    @Test("messages of every length round a block hash as those of a reference", arguments: [55, 56, 63, 64, 119, 120])
    func lengths(_ count: Int) throws {
        let message = Array(repeating: UInt8(ascii: "x"), count: count)
        #expect(SHA256.hash(message) == (try reference(message)))
    }

    /// coreutils' sha256sum.
    private func reference(_ message: [UInt8]) throws -> [UInt8] {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/sha256sum")
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        try input.fileHandleForWriting.write(contentsOf: Data(message))
        try input.fileHandleForWriting.close()
        let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        return stride(from: 0, to: 64, by: 2).compactMap { UInt8(text.dropFirst($0).prefix(2), radix: 16) }
    }
}

@Suite struct RateLimitTests {
    @Test("a bucket gives out its minute at once and then refills evenly")
    func refill() {
        var bucket = TokenBucket(perMinute: 60, at: Sample.noon)
        for _ in 0..<60 {
            #expect(bucket.wait(for: 1, at: Sample.noon) == 0)
            bucket.take(1, at: Sample.noon)
        }
        #expect(bucket.wait(for: 1, at: Sample.noon) == 1000)
        #expect(bucket.wait(for: 1, at: Sample.noon.advanced(bySeconds: 0.999)) == 1)
        #expect(bucket.wait(for: 1, at: Sample.noon.advanced(bySeconds: 1)) == 0)
        #expect(bucket.wait(for: 3, at: Sample.noon.advanced(bySeconds: 1)) == 2000)
    }

    @Test("more than a whole bucket passes when it is full, and the debt is waited for")
    func debt() {
        var bucket = TokenBucket(perMinute: 100, at: Sample.noon)
        #expect(bucket.wait(for: 250, at: Sample.noon) == 0)
        bucket.take(250, at: Sample.noon)
        #expect(bucket.wait(for: 1, at: Sample.noon) == 90_600)
    }

    @Test("in any span no more is given out than a bucket and what it refills", arguments: [1, 2, 3, 4, 5] as [UInt64])
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
                bucket.take(count, at: clock)
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

    @Test("a clock that goes back gives nothing away and stops nothing for longer than before")
    func clockBack() {
        var bucket = TokenBucket(perMinute: 10, at: Sample.noon)
        bucket.take(10, at: Sample.noon)
        let earlier = Sample.noon.advanced(bySeconds: -3600)
        #expect(bucket.wait(for: 1, at: earlier) == 6000)
        #expect(bucket.wait(for: 1, at: earlier.advanced(bySeconds: 6)) == 0)
    }

    @Test("a key is held to both of its limits, and what was not used is given back")
    func limits() {
        let limits = RateLimits()
        let key = AccessKey(id: "k", createdAt: Sample.noon, requestsPerMinute: 3, tokensPerMinute: 100)
        #expect(limits.admit(key, tokens: 60, at: Sample.noon) == nil)
        let refusal = limits.admit(key, tokens: 60, at: Sample.noon)
        #expect(refusal == RateRefusal(limit: .tokens(perMinute: 100), retryAfterSeconds: 12))
        limits.settle(key, expected: 60, used: 10, at: Sample.noon)
        #expect(limits.admit(key, tokens: 60, at: Sample.noon) == nil)
        #expect(limits.admit(key, tokens: 1, at: Sample.noon) == nil)
        #expect(limits.admit(key, tokens: 1, at: Sample.noon)?.limit == .requests(perMinute: 3))
        let free = AccessKey(id: "free", createdAt: Sample.noon)
        #expect((0..<1000).allSatisfy { _ in limits.admit(free, tokens: 1_000_000, at: Sample.noon) == nil })
    }
}
