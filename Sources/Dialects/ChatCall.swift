package import Domain
package import JSON
package import Upstream

/// A chat call to one model: the request, its endpoint and its limits.
package struct ChatCall: Sendable {
    package var endpoint: Endpoint
    /// The secrets themselves.
    package var credentials: Credentials
    /// The request in OpenAI's chat format. Its `model` is replaced; unknown members go along.
    package var body: JSONDocument
    /// The same request as the client sent it in another dialect.
    package var original: OriginalRequest?
    /// Whether to ask for a stream. Overrides the body.
    package var isStreaming: Bool
    /// The limit of the answer where the body names none and the provider insists on one.
    package var maximumOutputTokens: Int
    /// What asks the server for a level of effort; nil leaves the request as it is.
    package var effort: EffortParameters?
    /// Whether to ask for the log-probabilities of the tokens. They are for this service, not for the client.
    package var asksLogProbabilities = false
    /// Whether to mark the prompt for the server's cache, in dialects that have marks.
    package var marksCache = false
    /// A name of the run for servers that find their caches by it; nil for none. The run cannot be told by it.
    package var cacheKey: String?
    /// Members of the body that are not for the provider.
    package var removedMembers: [String]
    package var timeouts: UpstreamTimeouts
    package var maximumResponseBytes: Int
    package var cancellation: UpstreamCancellation
    /// The place in a distributed trace that the server is told; nil for none.
    package var trace: TraceContext?

    package init(
        endpoint: Endpoint, credentials: Credentials, body: JSONDocument, original: OriginalRequest? = nil,
        isStreaming: Bool,
        maximumOutputTokens: Int, removedMembers: [String] = [], timeouts: UpstreamTimeouts = UpstreamTimeouts(),
        maximumResponseBytes: Int = 64 << 20, cancellation: UpstreamCancellation = .abort
    ) {
        self.endpoint = endpoint
        self.credentials = credentials
        self.body = body
        self.original = original
        self.isStreaming = isStreaming
        self.maximumOutputTokens = maximumOutputTokens
        self.removedMembers = removedMembers
        self.timeouts = timeouts
        self.maximumResponseBytes = maximumResponseBytes
        self.cancellation = cancellation
    }

    /// The HTTP request of this call, without a body that is the dialect's to write.
    func request(path: String, body: [UInt8]) -> UpstreamRequest {
        var request = UpstreamRequest(
            url: endpoint.url(path),
            headers: [
                ("Content-Type", "application/json"),
                ("Accept", isStreaming ? "text/event-stream" : "application/json"),
            ],
            body: body, timeouts: timeouts, maximumResponseBytes: maximumResponseBytes, cancellation: cancellation)
        request.isCharged = true
        if let trace { request.headers += trace.headers }
        return request
    }
}

extension Endpoint {
    /// The URL of a path below the base; `path` begins with a slash.
    func url(_ path: String) -> String {
        var base = baseURL[...]
        while base.last == "/" { base = base.dropLast() }
        return base + path
    }
}
