import Dialects
package import Domain
import JSON
import Upstream

extension UpstreamClient {
    /// Bytes of a list of models that are read.
    private static let maximumListBytes = 8 << 20
    private static let probeTimeouts = UpstreamTimeouts(
        connect: .seconds(1), firstByte: .seconds(3), idle: .seconds(3), total: .seconds(5))

    /// Asks a server for its list of models: is it there, does it take the key, and what does it serve? Never throws,
    /// takes at most five seconds, and costs nothing at any provider.
    package func probe(_ endpoint: Endpoint, key: String?) async -> ProbeResult {
        var request = endpoint.wire.chat.modelsRequest(endpoint, key: key)
        request.timeouts = Self.probeTimeouts
        request.maximumResponseBytes = Self.maximumListBytes
        do throws(UpstreamError) {
            let response = try await accept(try await send(request))
            let body = try await response.collect(upTo: Self.maximumListBytes)
            guard let models = Self.modelNames(body) else {
                throw .malformed(host: response.body.host, reason: "its list of models is not one")
            }
            return ProbeResult(
                isReachable: true, models: models, firstByteSeconds: response.timing.firstByteSeconds, problem: nil)
        } catch {
            // A refused key is an answer; 5xx is what a server says that loads its model or is about to go.
            let isReachable = if case .status(let failure) = error { failure.status < 500 } else { false }
            return ProbeResult(isReachable: isReachable, models: [], firstByteSeconds: nil, problem: "\(error)")
        }
    }

    /// The names in `{"data": [{"id": ...}]}`, the same at OpenAI and Anthropic; nil where the body is something else.
    private static func modelNames(_ body: [UInt8]) -> [String]? {
        guard let document = try? JSONDocument(body), let list = document.root["data"], list.kind == .array else {
            return nil
        }
        return list.elements.compactMap { $0["id"]?.string }
    }
}
