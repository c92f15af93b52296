import Calls
import Foundation
import JSON
import Upstream

/// Asks a running service, for commands that look at it.
struct ServiceClient {
    let baseURL: String
    /// The operator's or another key; nil for none.
    let key: String?
    private let upstream: UpstreamClient

    /// Runs a body with a client that is stopped afterwards.
    ///
    /// - Parameter url: scheme, host and port of the service.
    static func run<Value>(
        _ url: String, key: String?, _ body: (ServiceClient) async throws -> Value
    ) async throws -> Value {
        try await Installation.withUpstream { upstream in
            try await body(ServiceClient(baseURL: url, key: key, upstream: upstream))
        }
    }

    /// The answer to `GET path`, with its status.
    ///
    /// - Throws: `Exit` with 69 where nothing answers.
    func get(_ path: String) async throws -> (status: Int, document: JSONDocument?) {
        var request = UpstreamRequest(
            method: "GET", url: baseURL + path, headers: key.map { [("Authorization", "Bearer \($0)")] } ?? [])
        request.timeouts = UpstreamTimeouts(
            connect: .seconds(2), firstByte: .seconds(10), idle: .seconds(10), total: .seconds(20))
        do {
            let response = try await upstream.send(request)
            return (response.status, try? JSONDocument(try await response.collect(upTo: 32 << 20)))
        } catch {
            throw Exit(69, "no service answers at \(baseURL): \(error)")
        }
    }
}
