import Calls
import Domain
import ScriptedUpstream
import TestSupport
import Testing
import Upstream

@Suite("The liveness probe")
struct ProbeTests {
    private static func endpoint(_ baseURL: String) -> Endpoint {
        Endpoint(baseURL: baseURL, wire: .openAI, modelName: "a", keyVariable: nil)
    }

    @Test("a live server names its models")
    func live() async throws {
        try await Loopback.with { request in
            request.path == "/v1/models" && request.method == "GET" ? .models(["a", "b/c"]) : .status(404)
        } _: { loopback async throws in
            let result = await loopback.client.probe(
                Self.endpoint(loopback.server.baseURL), credentials: Credentials(key: "k"))
            #expect(result.isReachable)
            #expect(result.models == ["a", "b/c"])
            #expect(result.problem == nil)
            #expect(loopback.server.record.requests.first?.header("authorization") == "Bearer k")
        }
    }

    @Test("nobody there: not reachable, and the reason says what to check")
    func dead() async throws {
        try await Loopback.with { _ in
            .json("")
        } _: { loopback async throws in
            let closed = try await ScriptedUpstream.start { _ in .json("") }
            try await closed.stop()
            let result = await loopback.client.probe(Self.endpoint(closed.baseURL), credentials: .none)
            #expect(!result.isReachable)
            #expect(result.models.isEmpty)
            #expect(result.problem?.contains("base_url") == true)
        }
    }

    @Test("a refused key is reachable with a problem; a server that is loading, or is no model server, is not")
    func half() async throws {
        try await Loopback.with { request in
            switch request.header("authorization") {
            case "Bearer wrong": .status(401, message: "bad key")
            case "Bearer early": .status(503, message: "Loading model")
            default: .raw("HTTP/1.1 200 OK\r\n\r\n<html>a printer</html>")
            }
        } _: { loopback async throws in
            let endpoint = Self.endpoint(loopback.server.baseURL)
            let refused = await loopback.client.probe(endpoint, credentials: Credentials(key: "wrong"))
            #expect(refused.isReachable && refused.problem?.contains("bad key") == true)
            let loading = await loopback.client.probe(endpoint, credentials: Credentials(key: "early"))
            #expect(!loading.isReachable && loading.problem?.contains("Loading model") == true)
            let printer = await loopback.client.probe(endpoint, credentials: Credentials(key: "other"))
            #expect(!printer.isReachable && printer.problem != nil)
        }
    }
}
