import Catalog
import Domain
import JSON
import Ledger
import ScriptedUpstream
import Steps
import Synchronization
import TestSupport
import Testing
import Upstream

@Suite("Calls with a second request")
struct HedgeCallTests {
    /// Counts calls from 1.
    private final class Calls: Sendable {
        private let number = Mutex(0)

        var value: Int { number.withLock { $0 } }

        func next() -> Int {
            number.withLock { number in
                number += 1
                return number
            }
        }
    }

    private static let usage = ScriptedUsage(promptTokens: 20, completionTokens: 4)

    private static func body(_ stream: Bool) -> String {
        #"""
        {"model":"hera","hera":{"models":{"allow":["test/cheap"]},"hedge":{"after_s":0.15,"max_share":0.5}},
         "stream":\#(stream),"messages":[{"role":"user","content":"hi"}]}
        """#
    }

    /// A server whose third call to the model is stuck for ten seconds; the first two earn the second request.
    @Sendable private static func script(_ request: ScriptedRequest, _ number: Int, _ slow: Duration) -> ScriptedReply {
        let reply: ScriptedReply =
            request.isStreaming ? .stream(["all", " well"], usage: usage) : .completion("all well", usage: usage)
        return number == 2 ? reply.delayed(by: slow) : reply
    }

    @Test("the faster one answers, the slower one is broken off, and both are booked", arguments: [false, true])
    func race(stream: Bool) async throws {
        let count = Calls()
        try await TestService.with { request in
            Self.script(request, count.next(), .seconds(10))
        } _: { service async throws in
            let clock = ContinuousClock()
            for _ in 1...2 {
                let started = clock.now
                let answer = try await service.send(
                    "POST", "/v1/chat/completions", body: Self.body(stream), headers: [("x-hera-session", "one")])
                #expect(answer.status == 200 && answer.text.contains("well"), "\(answer.text)")
                #expect(started.duration(to: clock.now) < .seconds(5))
            }
            try await waitUntil {
                try await service.stepService.ledger.read { try $0.entries(ofRun: "one").count } == 3
            }
            let entries = try await service.stepService.ledger.read { try $0.entries(ofRun: "one") }
            let kinds = entries.map(\.kind.rawValue).sorted()
            #expect(kinds == ["call", "call", "uncertain"], "\(kinds)")
            let open = try await service.stepService.ledger.read { try $0.openReservations().count }
            #expect(open == 0)
            #expect(count.value == 3)
        }
    }

    @Test("without the policy's leave a slow call is waited for")
    func alone() async throws {
        let count = Calls()
        try await TestService.with { request in
            Self.script(request, count.next() + 1, .milliseconds(600))
        } _: { service async throws in
            let answer = try await service.send(
                "POST", "/v1/chat/completions",
                body: #"{"model":"test/cheap","messages":[{"role":"user","content":"hi"}]}"#)
            #expect(answer.status == 200 && count.value == 1)
        }
    }
}
