import Catalog
import Dialects
package import Domain
import JSON
package import Upstream

extension UpstreamClient {
    /// Limit of a list of models in bytes.
    private static let maximumListBytes = 8 << 20
    private static let probeTimeouts = UpstreamTimeouts(
        connect: .seconds(1), firstByte: .seconds(3), idle: .seconds(3), total: .seconds(5))

    /// Probes a server by its list of models, within five seconds. Costs nothing at any provider.
    package func probe(_ endpoint: Endpoint, credentials: Credentials) async -> ProbeResult {
        var request = endpoint.wire.chat.modelsRequest(endpoint, credentials: credentials)
        request.timeouts = Self.probeTimeouts
        request.maximumResponseBytes = Self.maximumListBytes
        do throws(UpstreamError) {
            let response = try await exchange(request)
            let body = try await response.collect(upTo: Self.maximumListBytes)
            guard let models = Self.modelNames(body) else {
                throw .malformed(host: response.body.host, reason: "its list of models is not one")
            }
            return ProbeResult(
                isReachable: true, models: models, firstByteSeconds: response.timing.firstByteSeconds, problem: nil)
        } catch {
            // A server that loads its model or shuts down answers with 5xx. A rejected key shows that it is reachable.
            let isReachable = if case .status(let failure) = error { failure.status < 500 } else { false }
            return ProbeResult(
                isReachable: isReachable, models: [], firstByteSeconds: nil,
                problem: "\(error.without(secrets: credentials.secrets))")
        }
    }

    /// The models that a local server lists; nil where none answers in the expected dialect.
    func models(at server: LocalServer, credentials: Credentials) async -> [ServedModel]? {
        let endpoint = Endpoint(
            baseURL: server.baseURL, wire: .openAI, modelName: "", access: server.access)
        let request = endpoint.wire.chat.modelsRequest(endpoint, credentials: credentials)
        guard let root = await document(request) else { return nil }
        return ServedModel.list(root)
    }

    /// The models with what Ollama tells of their sizes; unchanged where it does not answer.
    func adding(tagsOf server: LocalServer, credentials: Credentials, to models: [ServedModel]) async -> [ServedModel] {
        var request = UpstreamRequest(method: "GET", url: server.ollamaTagsURL)
        request.authorize(credentials)
        guard let root = await document(request) else { return models }
        return ServedModel.adding(tags: root, to: models)
    }

    /// The JSON document that a probing request is answered with; nil for any other answer.
    private func document(_ request: UpstreamRequest) async -> JSONValue? {
        var request = request
        request.timeouts = Self.probeTimeouts
        request.maximumResponseBytes = Self.maximumListBytes
        guard let response = try? await exchange(request),
            let body = try? await response.collect(upTo: Self.maximumListBytes)
        else { return nil }
        return (try? JSONDocument(body))?.root
    }

    /// The names in `{"data": [{"id": ...}]}`, the same at OpenAI and Anthropic; nil for any other body.
    private static func modelNames(_ body: [UInt8]) -> [String]? {
        guard let document = try? JSONDocument(body), let list = document.root["data"], list.kind == .array else {
            return nil
        }
        return list.elements.compactMap { $0["id"]?.string }
    }
}

/// The result of a probe.
package struct ProbeResult: Hashable, Sendable {
    /// Whether a server answered in the expected dialect, even with a rejection of the key.
    package let isReachable: Bool
    /// Names of the served models; empty if the server does not list them.
    package let models: [String]
    /// Seconds to the first byte; nil without an answer.
    package let firstByteSeconds: Double?
    /// The problem, as text; nil for none.
    package let problem: String?

    package init(isReachable: Bool, models: [String], firstByteSeconds: Double?, problem: String?) {
        self.isReachable = isReachable
        self.models = models
        self.firstByteSeconds = firstByteSeconds
        self.problem = problem
    }
}
