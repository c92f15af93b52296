import Domain
import JSON
import ScriptedUpstream
import Testing
import Upstream

@Suite("Unknown routes")
struct RouteTests {
    @Test(
        "a known path with another method is 405 and lists the allowed ones",
        arguments: [
            ("GET", "/v1/chat/completions", "POST"), ("DELETE", "/v1/messages", "POST"),
            ("PUT", "/v1/jobs", "GET, POST"),
            ("POST", "/healthz", "GET"), ("PATCH", "/v1/files/f1", "DELETE, GET"), ("POST", "/v1/jobs/j/cancel/", nil),
        ] as [(String, String, String?)])
    func method(method: String, path: String, allowed: String?) async throws {
        try await TestService.with { _ in
            .completion("x")
        } _: { service async throws in
            let answer = try await service.send(method, path)
            guard let allowed else {
                #expect(answer.status == 404 && answer.text.contains("there is no job 'j'"), "\(answer.text)")
                return
            }
            #expect(answer.status == 405)
            #expect(answer.headers["allow"] == allowed)
            #expect(answer.text.contains("use \(allowed)"), "\(answer.text)")
        }
    }

    @Test(
        "an unknown path is 404 and suggests a similar one",
        arguments: [
            ("POST", "/v1/chat/completion", "did you mean POST /v1/chat/completions?"),
            ("POST", "/jobs/job_1/cancel", "did you mean POST /v1/jobs/{id}/cancel?"),
            ("POST", "/v1/mesages", "did you mean POST /v1/messages?"),
            ("POST", "/v1/jobs/job_1/cancle", "did you mean POST /v1/jobs/{id}/cancel?"),
            ("POST", "/v1/messages/batches", "GET /openapi.yaml lists what there is"),
            ("GET", "/something/else/altogether", "GET /openapi.yaml lists what there is"),
        ])
    func path(method: String, path: String, hint: String) async throws {
        try await TestService.with { _ in
            .completion("x")
        } _: { service async throws in
            let answer = try await service.send(method, path)
            #expect(answer.status == 404)
            #expect(answer.text.contains("there is no \(method) \(path); \(hint)"), "\(answer.text)")
        }
    }

    @Test("a client that names Anthropic's version, and one on its route, reads Anthropic's errors")
    func dialects() async throws {
        try await TestService.with { _ in
            .completion("x")
        } _: { service async throws in
            let openAI = try await service.json("GET", "/v1/nothing").root
            #expect(openAI["error"]?["code"]?.string == "not_found" && openAI["type"] == nil)
            let named = try await service.send("GET", "/v1/nothing", headers: [("anthropic-version", "2023-06-01")])
            let root = try JSONDocument(Array(named.text.utf8)).root
            #expect(named.status == 404)
            #expect(root["type"]?.string == "error" && root["error"]?["type"]?.string == "not_found_error")
            let method = try await service.json("GET", "/v1/messages")
            #expect(method.status == 405)
            #expect(method.root["error"]?["type"]?.string == "invalid_request_error")
            #expect(method.root["type"]?.string == "error")
        }
    }
}
