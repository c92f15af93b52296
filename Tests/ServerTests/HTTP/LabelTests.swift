import Domain
import JSON
import Ledger
import ScriptedUpstream
import Steps
import TestSupport
import Testing

@Suite("End users and tags over HTTP")
struct LabelTests {
    private static func body(_ members: String) -> String {
        #"{"model":"test/cheap","max_tokens":100,"messages":[{"role":"user","content":"2+2"}]\#(members)}"#
    }

    private static func with(_ body: @escaping @Sendable (TestService) async throws -> Void) async throws {
        try await TestService.with { _ in
            .completion("4", usage: ScriptedUsage(promptTokens: 100, completionTokens: 10))
        } _: { service async throws in
            try await body(service)
        }
    }

    @Test(
        "a call counts on its user and tags in every dialect",
        arguments: [
            ("/v1/chat/completions", body(#","user":"ann","metadata":{"project":"red"}"#)),
            ("/v1/completions", #"{"model":"test/cheap","prompt":"2+2","user":"ann","metadata":{"project":"red"}}"#),
            ("/v1/responses", #"{"model":"test/cheap","input":"2+2","user":"ann","metadata":{"project":"red"}}"#),
            ("/v1/messages", body(#","metadata":{"user_id":"ann","project":"red"}"#)),
        ])
    func dialects(_ path: String, _ body: String) async throws {
        try await Self.with { service in
            let answer = try await service.send(
                "POST", path, body: body, headers: [("x-hera-tags", "nightly, project=red")])
            #expect(answer.status == 200, "\(answer.text)")
            let byUser = try await service.json("GET", "/v1/dashboard?group_by=user").root
            #expect(byUser["rows"]?.elements.map { $0["user"]?.string } == ["ann"])
            let byTag = try await service.json("GET", "/v1/dashboard?group_by=tag").root
            #expect(byTag["rows"]?.elements.compactMap { $0["tag"]?.string }.sorted() == ["nightly", "project=red"])
            #expect(byTag["totals"]?["calls"]?.integer == 1)
            #expect(byTag["totals"]?["cost_usd"]?.numberText == byUser["totals"]?["cost_usd"]?.numberText)
        }
    }

    @Test("a user's default budget refuses its calls and no other's")
    func budget() async throws {
        try await Self.with { service in
            try await service.stepService.ledger.write {
                try $0.setBudget(
                    Budget(scope: .eachUser, limit: .usd(Money(nanoUSD: 500_000)), window: .day), at: .now())
            }
            var statuses: [Int] = []
            for _ in 0..<6 {
                statuses.append(
                    try await service.send("POST", "/v1/chat/completions", body: Self.body(#","user":"ann""#)).status)
            }
            // A call costs 120,000 nano-USD.
            #expect(statuses.first == 200 && statuses.last == 429)
            #expect(statuses.filter { $0 == 200 }.count <= 4)
            let other = try await service.send(
                "POST", "/v1/chat/completions", body: Self.body(""), headers: [("x-hera-user", "bob")])
            #expect(other.status == 200)
            #expect(try await service.stepService.ledger.read { try $0.verify() }.isSound)
        }
    }

    @Test(
        "labels that are too many or too long are refused by field",
        arguments: [
            (("x-hera-tags", "1,2,3,4,5,6,7,8,9"), "x-hera-tags"),
            (("x-hera-user", String(repeating: "u", count: 300)), "x-hera-user"),
        ])
    func refused(_ header: (String, String), _ field: String) async throws {
        try await Self.with { service in
            let answer = try await service.send(
                "POST", "/v1/chat/completions", body: Self.body(""), headers: [header])
            #expect(answer.status == 400)
            let error = try JSONDocument(Array(answer.text.utf8)).root["error"]
            #expect(error?["param"]?.string == field)
            #expect(service.models.record.requests.filter { $0.method == "POST" }.isEmpty)
        }
    }
}
