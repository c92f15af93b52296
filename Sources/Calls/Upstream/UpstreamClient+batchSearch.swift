package import Dialects
package import Domain
import JSON
package import Upstream

extension UpstreamClient {
    /// Limit of pages of a list, against endless lists.
    private static let maximumPages = 10_000
    /// Seconds that the provider's clock may be behind.
    private static let clockSkewSeconds = 600.0
    /// Seconds that a whole page must be older than the search's start to end it. Lists are newest first, but providers
    /// do not promise that to the second.
    private static let listSkewSeconds = 3600.0

    /// Searches a batch whose creating request lost its answer.
    ///
    /// - OpenAI stores the name in the batch's metadata, which identifies the batch.
    /// - Anthropic and some servers with OpenAI's dialect store no name. A nameless batch is a candidate if it was made
    ///   after `since`, has as many rows and is not one of `others`. The first line of its results identifies it.
    ///   Before a candidate has ended, within a day, the result is undecided, unless another one is identified.
    ///
    /// `absent` is the result of two readings of the list, `settling` apart. It is certain if that pause is longer than
    /// the provider's delay in listing new batches. Throws the errors of a call.
    package func find(
        _ trace: LostProviderBatch, endpoint: Endpoint, credentials: Credentials
    ) async throws(UpstreamError) -> ProviderBatchFinding {
        let dialect = try endpoint.batchDialect()
        let finding = try await search(for: trace, by: dialect, endpoint: endpoint, credentials: credentials)
        guard finding == .absent, trace.settling > .zero else { return finding }
        do {
            try await Task.sleep(for: trace.settling)
        } catch {
            throw .cancelled
        }
        return try await search(for: trace, by: dialect, endpoint: endpoint, credentials: credentials)
    }

    private func search(
        for trace: LostProviderBatch, by dialect: any BatchWire, endpoint: Endpoint, credentials: Credentials
    ) async throws(UpstreamError) -> ProviderBatchFinding {
        let batches = try await batches(since: trace.since, by: dialect, endpoint: endpoint, credentials: credentials)
        if let batch = batches.first(where: { $0.name == trace.name }) { return .found(batch) }
        var undecided: [String] = []
        for batch in batches where Self.mayBe(batch, trace) {
            switch try await isNamed(trace.name, batch, endpoint: endpoint, credentials: credentials) {
            case true?: return .found(batch)
            case false?: continue
            case nil: undecided.append(batch.id)
            }
        }
        return undecided.isEmpty ? .absent : .undecided(undecided)
    }

    /// Whether a batch's description fits the lost one.
    private static func mayBe(_ batch: ProviderBatch, _ trace: LostProviderBatch) -> Bool {
        guard batch.name == nil, !trace.others.contains(batch.id) else { return false }
        let earliest = trace.since.advanced(bySeconds: -clockSkewSeconds)
        return (batch.total == trace.rows || batch.total == 0) && batch.createdAt.map { $0 >= earliest } ?? true
    }

    /// Whether a batch's first result is a row of the lost batch; nil without a readable result.
    private func isNamed(
        _ name: String, _ batch: ProviderBatch, endpoint: Endpoint, credentials: Credentials
    ) async throws(UpstreamError) -> Bool? {
        guard batch.isOver else { return nil }
        // Even if it is the lost batch: it has no results and cost nothing.
        if batch.resultFiles.isEmpty, batch.completed == 0 { return false }
        guard let results = try? results(of: batch, endpoint: endpoint, credentials: credentials) else { return nil }
        var lines = results.makeAsyncIterator()
        do throws(UpstreamError) {
            while let line = try await lines.next(isolation: nil) {
                guard case .result(let result) = line else { continue }
                return ProviderBatchSubmission.isRow(result.customID, of: name)
            }
        } catch {
            // Deleted results (404, 410) identify nothing. Retryable errors are thrown.
            guard case .status(let failure) = error, !failure.isRetryable else { throw error }
        }
        return nil
    }

    /// The batches of an account that are recent enough.
    private func batches(
        since: Timestamp, by dialect: any BatchWire, endpoint: Endpoint, credentials: Credentials
    ) async throws(UpstreamError) -> [ProviderBatch] {
        let end = since.advanced(bySeconds: -Self.clockSkewSeconds - Self.listSkewSeconds)
        var found: [ProviderBatch] = []
        var seen: Set<String> = []
        var last: String?
        for _ in 0..<Self.maximumPages {
            let request = try dialect.list(after: last, endpoint: endpoint, credentials: credentials)
            let (value, host) = try await fetch(request)
            guard let list = value["data"], list.kind == .array else {
                throw .malformed(host: host, reason: "its list of batches is not one")
            }
            var page: [ProviderBatch] = []
            for item in list.elements { page.append(try dialect.batch(item, host: host)) }
            found += page
            guard value["has_more"]?.boolean == true, let id = page.last?.id else { return found }
            if page.allSatisfy({ $0.createdAt.map { $0 < end } ?? false }) { return found }
            guard seen.insert(id).inserted else {
                throw .malformed(host: host, reason: "its list of batches goes in a circle")
            }
            last = id
        }
        throw .malformed(host: endpoint.baseURL, reason: "its list of batches does not end")
    }
}

extension UpstreamError {
    /// Whether a batch may exist although ``UpstreamClient/submit(_:)`` threw this error. False is certain.
    package var mayHaveMadeBatch: Bool {
        switch self {
        case .invalidRequest, .noCredentials, .connect, .tls, .overloaded, .resting: false
        case .timeout(.connect, _, _, _): false
        // 4xx is the provider's own refusal. Other statuses may come from a proxy that lost the answer.
        case .status(let failure): !(400..<500).contains(failure.status) || failure.status == 408
        case .timeout, .reset, .tooLarge, .malformed, .cancelled, .stopped, .undecided: true
        case .outOfRetries(let error): error.mayHaveMadeBatch
        }
    }
}
