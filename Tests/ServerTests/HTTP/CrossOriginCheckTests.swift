import Domain
import ScriptedUpstream
import Testing
import Upstream

@testable import Server

@Suite("Cross-origin requests")
struct ForeignPageTests {
    @Test(
        "local programs and same-origin pages are accepted",
        arguments: [
            ("127.0.0.1:8484", nil), ("localhost:8484", nil), ("LOCALHOST", nil), ("[::1]:8484", nil), (nil, nil),
            ("localhost.:8484", nil), ("hera.localhost", nil), ("workstation:8484", nil),
            ("host.docker.internal:8484", nil), ("192.168.1.5:8484", nil),
            ("127.0.0.1:8484", "http://127.0.0.1:8484"), ("localhost:8484", "http://localhost:3000"),
            ("localhost:8484", "https://app.localhost"), ("localhost:8484", "http://[::1]:3000"),
            ("localhost:8484", "vscode-webview://a1b2"), ("workstation:8484", "http://workstation:8484"),
        ] as [(String?, String?)])
    func friends(authority: String?, origin: String?) {
        #expect(CrossOriginCheck.problem(authority: authority, origin: origin) == nil)
    }

    @Test(
        "cross-origin and DNS-rebinding requests are rejected",
        arguments: [
            ("evil.example", nil), ("evil.example:8484", nil), ("127.0.0.1.evil.example", nil),
            ("localhost.evil.example:8484", nil), ("127.0.0.256.example", nil),
            ("127.0.0.1:8484", "https://evil.example"), ("127.0.0.1:8484", "http://evil.example:8484"),
            ("127.0.0.1:8484", "null"), ("127.0.0.1:8484", ""), ("127.0.0.1:8484", "http://192.168.1.5"),
            ("127.0.0.1:8484", "http://127.evil.example"), ("127.0.0.1:8484", "http://localhost.evil.example"),
        ] as [(String?, String?)])
    func crossOrigin(authority: String?, origin: String?) {
        #expect(CrossOriginCheck.problem(authority: authority, origin: origin) != nil)
    }

    @Test("a service without keys rejects cross-origin requests before any call or output")
    func keyless() async throws {
        try await TestService.with { _ in
            .completion("4")
        } _: { service async throws in
            let body = #"{"model":"hera","messages":[{"role":"user","content":"x"}]}"#
            let posted = try await service.send(
                "POST", "/v1/chat/completions", body: body, headers: [("origin", "https://evil.example")])
            #expect(posted.status == 403)
            #expect(posted.text.contains("HERA_API_KEY"))
            #expect(service.models.record.requests.allSatisfy { $0.method == "GET" }, "no model is called")
            let own = try await service.send(
                "POST", "/v1/chat/completions", body: body, headers: [("origin", "http://localhost:3000")])
            #expect(own.status == 200)
            #expect(try await status(of: "http://evil.example/v1/jobs", at: service) == 403)
            #expect(try await status(of: "http://localhost/v1/jobs", at: service) == 200)
        }
    }

    @Test("with a required key, only the key counts")
    func keyed() async throws {
        try await TestService.with(key: "secret") { _ in
            .completion("4")
        } _: { service async throws in
            let headers = [("origin", "https://app.example"), ("authorization", "Bearer secret")]
            #expect(try await service.send("GET", "/v1/models", headers: headers).status == 200)
        }
    }

    /// Sends a request with another `Host`, as a browser does after DNS rebinding.
    private func status(of url: String, at service: TestService) async throws -> Int {
        let client = UpstreamClient(
            configuration: UpstreamConfiguration(proxyURL: "http://127.0.0.1:\(service.port)"))
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await client.run() }
            let response = try await client.send(UpstreamRequest(method: "GET", url: url))
            _ = try await response.collect(upTo: 1 << 20)
            group.cancelAll()
            return response.status
        }
    }
}
