import Domain
import JSON
import Ledger
import ScriptedUpstream
import Steps
import TestSupport
import Testing
import Upstream

@testable import Calls

@Suite("Streams whose client leaves")
struct AbandonedStreamTests {
    private static let words = Array(repeating: "word ", count: 40)

    /// Leaves after the first events, and returns the entry of the call.
    private static func leave(
        _ rule: AbandonedCall, members: String = ""
    ) async throws -> (entry: LedgerEntry, wasBrokenOff: Bool) {
        var settings = Settings()
        settings.limits.abandoned = rule
        let (found, finding) = AsyncStream.makeStream(of: (LedgerEntry, Bool).self)
        try await TestService.with(settings: settings) { _ in
            .stream(
                words, usage: ScriptedUsage(promptTokens: 100, completionTokens: 40),
                delayBetween: .milliseconds(20))
        } _: { service async throws in
            let rest = members.isEmpty ? "" : ",\(members)"
            let response = try await service.client.send(
                UpstreamRequest(
                    method: "POST", url: "http://127.0.0.1:\(service.port)/v1/chat/completions",
                    headers: [("content-type", "application/json")],
                    body: Array(
                        #"{"model":"test/cheap","stream":true,"messages":[{"role":"user","content":"x"}]\#(rest)}"#.utf8
                    ),
                    cancellation: .abort))
            var pieces = response.body.makeAsyncIterator()
            for _ in 0..<3 { _ = try await pieces.next(isolation: nil) }
            response.cancel()
            let result = try await waitFor("the entry of an abandoned call") {
                let isBrokenOff = service.models.record.abandonedReplies > 0
                let entry = try await service.entries().first
                return isBrokenOff || rule == .read ? entry.map { ($0, isBrokenOff) } : nil
            }
            finding.yield(result)
            finding.finish()
        }
        var results = found.makeAsyncIterator()
        return try #require(await results.next())
    }

    @Test("an answer with much to come is broken off, and booked as an estimate of what had come")
    func brokenOff() async throws {
        let (entry, wasBrokenOff) = try await Self.leave(.cheaper)
        #expect(wasBrokenOff)
        #expect(entry.kind == .uncertain && entry.result.outcome == .clientGone)
        #expect((1..<40).contains(entry.result.usage.completionTokens))
        #expect(entry.result.usage.promptTokens > 0)
    }

    @Test("an answer is read to its end and its count where the operator wants that")
    func readOn() async throws {
        let (entry, wasBrokenOff) = try await Self.leave(.read)
        #expect(!wasBrokenOff)
        #expect(entry.kind == .call && entry.result.usage.completionTokens == 40)
    }

    @Test("near its limit an answer is read to its end, since its count is worth more than the rest costs")
    func nearEnd() {
        func stops(written: Int, most: Int) -> Bool {
            AbandonedAnswer(
                written: written, predicted: 100, most: most, hasPromptCount: true, promptTokens: 1000, inputPrice: 1,
                outputPrice: 5
            ).isCheaperToStop
        }
        #expect(!stops(written: 90, most: 100))
        #expect(stops(written: 10, most: 100) && stops(written: 90, most: 1000))
    }
}
