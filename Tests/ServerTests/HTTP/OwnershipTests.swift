import Domain
import JSON
import Ledger
import ScriptedUpstream
import Steps
import TestSupport
import Testing
import Upstream

@Suite("Ownership by key")
struct OwnershipTests {
    private static func key(_ team: String, of service: TestService) async throws -> [(String, String)] {
        let key = AccessKey(team: team, createdAt: .now())
        return [("authorization", "Bearer \(try await service.stepService.ledger.createKey(key, budgets: []))")]
    }

    private static func id(_ answer: (status: Int, text: String, headers: UpstreamHeaders)) throws -> String {
        try #require(try JSONDocument(Array(answer.text.utf8)).root["id"]?.string)
    }

    @Test("a key cannot access another key's jobs, and the operator sees all")
    func jobs() async throws {
        try await TestService.with(key: "operator") { _ in
            .toolCall("weather", arguments: #"{"city":"Oslo"}"#)
        } _: { service async throws in
            let red = try await Self.key("red", of: service)
            let blue = try await Self.key("blue", of: service)
            let tool = #"{"type":"function","function":{"name":"weather","parameters":{"type":"object"}}}"#
            let body = #"{"input":"x","agent":{"tools":[\#(tool)]}}"#
            let id = try Self.id(try await service.send("POST", "/v1/jobs", body: body, headers: red))
            let path = "/v1/jobs/\(id)"
            try await waitUntil("the call of a tool") {
                try await service.send("GET", path, headers: red).text.contains("requires_action")
            }
            let outputs = #"{"tool_outputs":[{"tool_call_id":"x","output":"rain"}]}"#
            for (method, path, body) in [
                ("GET", path, ""), ("GET", path + "/events", ""), ("POST", path + "/cancel", ""),
                ("POST", path + "/tool_outputs", outputs),
            ] {
                let answer = try await service.send(method, path, body: body, headers: blue)
                #expect(answer.status == 404, "\(method) \(path): \(answer.text)")
                #expect(answer.text.contains("there is no job"))
            }
            #expect(!(try await service.send("GET", "/v1/jobs", headers: blue).text.contains(id)))
            #expect(try await service.send("GET", "/v1/jobs", headers: red).text.contains(id))
            let all = [("authorization", "Bearer operator")]
            #expect(try await service.send("GET", "/v1/jobs", headers: all).text.contains(id))
            #expect(try await service.send("GET", path, headers: all).text.contains("requires_action"))
            #expect(try await service.send("POST", path + "/cancel", headers: red).status == 200)
        }
    }

    @Test("a key sees only its own decisions and spending")
    func decisions() async throws {
        try await TestService.with(key: "operator") { _ in
            .completion("4", usage: ScriptedUsage(promptTokens: 100, completionTokens: 10))
        } _: { service async throws in
            let red = try await Self.key("red", of: service)
            let blue = try await Self.key("blue", of: service)
            let body = #"{"model":"test/cheap","messages":[{"role":"user","content":"x"}]}"#
            let answer = try await service.send("POST", "/v1/chat/completions", body: body, headers: red)
            let path = "/v1/decisions/\(try #require(answer.headers["x-hera-decision"]))"
            #expect(try await service.send("GET", path, headers: red).status == 200)
            #expect(try await service.send("GET", path, headers: blue).status == 404)
            for (headers, calls) in [(red, 1), (blue, 0), ([("authorization", "Bearer operator")], 1)] {
                let text = try await service.send("GET", "/v1/dashboard?group_by=team,key", headers: headers).text
                let root = try JSONDocument(Array(text.utf8)).root
                #expect(root["totals"]?["calls"]?.integer == Int64(calls))
                #expect(root["rows"]?.count == calls)
            }
        }
    }

    @Test("the session header is limited in length")
    func sessionName() async throws {
        try await TestService.with { _ in
            .completion("4")
        } _: { service async throws in
            let body = #"{"model":"test/cheap","messages":[{"role":"user","content":"x"}]}"#
            for (count, status) in [(256, 200), (257, 400)] {
                let name = String(repeating: "s", count: count)
                let answer = try await service.send(
                    "POST", "/v1/chat/completions", body: body, headers: [("x-hera-session", name)])
                #expect(answer.status == status)
            }
        }
    }

    @Test("an implausible Retry-After is not passed on")
    func advice() async throws {
        for advice in ["1e300", "99999999999999999999999", "0x7fffffffffffffffff"] {
            try await TestService.with { _ in
                .status(429, retryAfter: advice)
            } _: { service async throws in
                let body = #"{"model":"test/cheap","messages":[{"role":"user","content":"x"}]}"#
                let answer = try await service.send("POST", "/v1/chat/completions", body: body)
                #expect(answer.status == 429)
                #expect(answer.headers["retry-after"] == "1")
            }
        }
    }
}
