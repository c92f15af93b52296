import Calls
import Domain
import JSON
import ScriptedUpstream
import Steps
import Synchronization
import TestSupport
import Testing
import Upstream

@Suite("Models that rest")
struct RestTests {
    private static let usage = ScriptedUsage(promptTokens: 20, completionTokens: 4)
    private static let user = #""messages":[{"role":"user","content":"2+2?"}]"#
    private static let pinned = #"{"model":"test/cheap",\#(user)}"#
    private static let allowed = #"{"model":"hera","hera":{"models":{"allow":["test/cheap"]}},\#(user)}"#

    private static func posts(_ service: TestService) -> Int {
        service.models.record.requests.count { $0.method == "POST" }
    }

    @Test(
        "where all that a policy allows rest, the answer is 503 with a wait, and never a list of others",
        arguments: [pinned, allowed])
    func allRest(body: String) async throws {
        try await TestService.with { _ in
            .status(500)
        } _: { service async throws in
            var statuses: [Int] = []
            for _ in 1...5 {
                let answer = try await service.send("POST", "/v1/chat/completions", body: body)
                statuses.append(answer.status)
                if answer.status == 503 { #expect(answer.headers["retry-after"].flatMap { Int($0) } ?? 0 >= 1) }
            }
            #expect(statuses == [502, 502, 502, 503, 503])
            #expect(Self.posts(service) == 3, "a model that rests is not asked")
        }
    }

    @Test(
        "a server that names a wait is left alone for it, and the client hears of it",
        arguments: [
            (ScriptedReply.status(429, retryAfter: "60"), 429), (.status(503, retryAfter: "60"), 503),
            (.status(529, message: "Overloaded", retryAfter: "60"), 503),
            (
                .json(
                    #"{"error":{"code":429,"message":"m","details":[{"@type":"RetryInfo","retryDelay":"60s"}]}}"#,
                    status: 429), 429
            ),
            (.json("{}", status: 503, headers: [("x-ratelimit-reset-requests", "1m0s")]), 503),
            (.json("{}", status: 429, headers: [("retry-after-ms", "60000")]), 429),
        ])
    func advice(reply: ScriptedReply, status: Int) async throws {
        try await TestService.with { _ in
            reply
        } _: { service async throws in
            for _ in 1...3 {
                let answer = try await service.send("POST", "/v1/chat/completions", body: Self.pinned)
                #expect(answer.status == status, "\(answer.text)")
                let wait = answer.headers["retry-after"].flatMap { Int($0) } ?? 0
                #expect((55...60).contains(wait), "\(answer.headers)")
            }
            #expect(Self.posts(service) == 1)
        }
    }

    @Test("a model that rests is passed over for one that works")
    func other() async throws {
        try await TestService.with(estimator: TestEstimator()) { request in
            request.model == "test/cheap" ? .status(429, retryAfter: "60") : .completion("4", usage: Self.usage)
        } _: { service async throws in
            for _ in 1...3 {
                let answer = try await service.send(
                    "POST", "/v1/chat/completions", body: #"{"model":"hera",\#(Self.user)}"#)
                #expect(answer.headers["x-hera-model"] == "test/dear")
            }
            #expect(service.models.record.requests.count { $0.model == "test/cheap" } == 1)
        }
    }

    @Test("after its wait a model gets one trial at a time, and then all calls again")
    func halfOpen() async throws {
        let isDown = Mutex(true)
        try await TestService.with { _ in
            isDown.withLock { $0 }
                ? .status(429, retryAfter: "1") : .completion("4", usage: Self.usage).delayed(by: .milliseconds(400))
        } _: { service async throws in
            #expect(try await service.send("POST", "/v1/chat/completions", body: Self.pinned).status == 429)
            isDown.withLock { $0 = false }
            let registry = service.stepService.registry
            try await waitUntil { registry.rest(of: TestModels.cheap, at: .now()) == nil }
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 1...20 {
                    group.addTask {
                        try await service.send("POST", "/v1/chat/completions", body: Self.pinned).status
                    }
                }
                return try await group.reduce(into: [Int: Int]()) { $0[$1, default: 0] += 1 }
            }
            #expect(statuses[200] == 1 && statuses[429] == 19, "\(statuses)")
            #expect(try await service.send("POST", "/v1/chat/completions", body: Self.pinned).status == 200)
        }
    }
}
