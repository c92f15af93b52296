import Domain
import Foundation
import Testing

@testable import Ledger

@Suite struct KeyTests {
    private let key = AccessKey(
        id: "abcdefghij", team: "t", label: "the bot", createdAt: Sample.noon,
        expiresAt: Sample.noon.advanced(bySeconds: 100),
        models: ModelFilter(allow: ["a/small"], deny: ["b/\"large\""]), policy: "thrifty", requestsPerMinute: 60,
        tokensPerMinute: 1000)

    @Test("a key's text authenticates it, and the secret is not in the file")
    func createAndShow() async throws {
        try await TemporaryLedger.with { ledger, place in
            let budget = Budget(scope: .key("abcdefghij"), limit: .usd(Money(nanoUSD: 20)), window: .month)
            let text = try await ledger.createKey(key, budgets: [budget])
            #expect(text.hasPrefix("hera-abcdefghij-"))
            #expect(try await ledger.authenticate(text, at: Sample.noon) == key)
            #expect(try await ledger.read { try $0.keys() } == [key])
            #expect(
                try await ledger.read { try $0.budgets(of: [.key("abcdefghij")], at: Sample.noon) }.map(\.budget) == [
                    budget
                ])
            let secret = try #require(text.split(separator: "-").last)
            #expect(try place.bytes().firstRange(of: Array(secret.utf8)) == nil)
            #expect(try place.bytes().firstRange(of: Array("abcdefghij".utf8)) != nil)
        }
    }

    @Test(
        "a text that is no key of the ledger is refused",
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

    @Test("a revoked key is refused from the next call on, also by another store")
    func revoke() async throws {
        try await TemporaryLedger.with { ledger, place in
            let text = try await ledger.createKey(key, budgets: [])
            let other = try place.open()
            #expect(try await other.authenticate(text, at: Sample.noon).id == key.id)
            try await ledger.write { try $0.revokeKey(key.id, at: Sample.noon) }
            let error = await #expect(throws: LedgerError.self) {
                try await other.authenticate(text, at: Sample.noon)
            }
            #expect(error?.description.contains("revoked") == true)
            await #expect(throws: LedgerError.notFound(kind: "key", id: "x")) {
                try await ledger.write { try $0.revokeKey("x", at: Sample.noon) }
            }
            await other.close()
        }
    }

    @Test("an expired key is refused with the time of its expiry")
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

    @Test("a key needs a new id, budgets of its own scope and positive limits")
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
            #expect(try await ledger.read { try $0.keys() }.map(\.id) == [key.id])
        }
    }
}
