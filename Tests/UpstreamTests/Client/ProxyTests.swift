import ScriptedUpstream
import TestSupport
import Testing
import Upstream

@Suite("Proxies and certificate authorities of the environment")
struct ProxyTests {
    @Test("https goes through the proxy, except to the hosts that are named, and http goes directly")
    func proxy() async throws {
        try await ScriptedUpstream.with { request in
            request.method == "CONNECT" ? .status(403) : .completion("hi")
        } _: { server async throws in
            let configuration = UpstreamConfiguration(environment: [
                "HTTPS_PROXY": "http://127.0.0.1:\(server.port)", "NO_PROXY": "other.invalid,localhost",
            ])
            let client = UpstreamClient(configuration: configuration)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await client.run() }
                for url in ["https://models.invalid/v1", "https://other.invalid/v1", "\(server.baseURL)/models"] {
                    let request = UpstreamRequest(method: "GET", url: url, timeouts: .test)
                    _ = try? await client.send(request).collect(upTo: 1 << 20)
                }
                group.cancelAll()
                try await group.waitForAll()
            }
            let sent = server.record.requests.map { "\($0.method) \($0.path)" }
            #expect(sent == ["CONNECT models.invalid:443", "GET /v1/models"])
        }
    }

    @Test("an environment without proxies changes nothing, and a file of authorities replaces the system's")
    func environment() {
        let none = UpstreamConfiguration(environment: ["HTTPS_PROXY": "", "http_proxy": "http://h:1"])
        #expect(none.proxyURL == nil && none.secureProxyURL == nil && none.certificateAuthorityFile == nil)
        let file = UpstreamConfiguration(environment: ["SSL_CERT_FILE": "/etc/ca.pem", "https_proxy": "http://h:1"])
        #expect(file.certificateAuthorityFile == "/etc/ca.pem" && file.secureProxyURL == "http://h:1")
    }
}
