package import ScriptedUpstream
package import Upstream

/// A running upstream client and a scripted server.
package struct Loopback: Sendable {
    package let server: ScriptedUpstream
    package let client: UpstreamClient

    /// Runs a body with both, then stops both.
    package static func with<Value: Sendable>(
        _ configuration: UpstreamConfiguration = UpstreamConfiguration(),
        script: @escaping @Sendable (ScriptedRequest) -> ScriptedReply,
        _ body: @escaping @Sendable (Loopback) async throws -> Value
    ) async throws -> Value {
        try await ScriptedUpstream.with(script: script) { server in
            let loopback = Loopback(server: server, client: UpstreamClient(configuration: configuration))
            return try await loopback.run(body)
        }
    }

    private func run<Value: Sendable>(
        _ body: @escaping @Sendable (Loopback) async throws -> Value
    ) async throws -> Value {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await client.run() }
            let value = try await body(self)
            group.cancelAll()
            try await group.waitForAll()
            return value
        }
    }

    /// A request to the server, with short timeouts so that a hanging test fails.
    package func request(
        _ path: String = "/chat/completions", body: String = "{}", timeouts: UpstreamTimeouts = .test,
        maximumResponseBytes: Int = 64 << 20, cancellation: UpstreamCancellation = .abort
    ) -> UpstreamRequest {
        UpstreamRequest(
            url: server.baseURL + path,
            headers: [("Content-Type", "application/json"), ("Authorization", "Bearer \(Self.secret)")],
            body: Array(body.utf8), timeouts: timeouts, maximumResponseBytes: maximumResponseBytes,
            cancellation: cancellation)
    }

    /// Sends a request and reads the whole response.
    package func text(_ request: UpstreamRequest? = nil) async throws -> String {
        let response = try await client.send(request ?? self.request())
        return String(decoding: try await response.collect(upTo: 64 << 20), as: UTF8.self)
    }

    /// The error of a call, from its head or body; nil on success.
    package func failure(_ request: UpstreamRequest? = nil) async -> UpstreamError? {
        do throws(UpstreamError) {
            _ = try await client.send(request ?? self.request()).collect(upTo: 64 << 20)
            return nil
        } catch {
            return error
        }
    }

    /// A stand-in for an API key in every request.
    package static let secret = "sk-never-to-be-seen"
    package static let credentials = Credentials(key: secret)
}

extension UpstreamTimeouts {
    package static let test = UpstreamTimeouts(
        connect: .seconds(20), firstByte: .seconds(20), idle: .seconds(20), total: .seconds(40))
}
