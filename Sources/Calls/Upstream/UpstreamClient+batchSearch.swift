package import Dialects
package import Domain
import JSON
package import Upstream

extension UpstreamClient {
    /// Pages of a list that are read: a guard against a server whose list never ends.
    private static let maximumPages = 10_000
    /// How far the provider's clock may be behind ours, in seconds.
    private static let clockSkewSeconds = 600.0
    /// How much older than the oldest batch looked for a whole page must be, in seconds, for the list to be left: lists
    /// are the newest first, but nobody promises to the second.
    private static let listSkewSeconds = 3600.0

    /// Looks for a batch that may have been made by a request whose answer was lost.
    ///
    /// - OpenAI keeps our name in a batch's metadata: a batch with it is ours, one with another is not.
    /// - Anthropic keeps no names, nor do all that speak OpenAI's dialect, and nobody else's batch has one. A batch
    ///   without a name that was made since `since`, with as many rows, and is not one of `others`, may be it; the first
    ///   line of its results tells, which are there when it has ended. While one has not, the finding is undecided,
    ///   unless another one turns out to be it. Within a day every batch ends.
    ///
    /// `absent` is only said after the list has been read twice, `settling` apart. It is as certain as that pause is
    /// longer than the provider takes to show in its list what it was asked for. Throws what a live call would throw.
    package func find(
        _ trace: LostProviderBatch, endpoint: Endpoint, key: String?
    ) async throws(UpstreamError) -> ProviderBatchFinding {
        let dialect = try endpoint.batchDialect()
        let finding = try await look(for: trace, by: dialect, endpoint: endpoint, key: key)
        guard finding == .absent, trace.settling > .zero else { return finding }
        do {
            try await Task.sleep(for: trace.settling)
        } catch {
            throw .cancelled
        }
        return try await look(for: trace, by: dialect, endpoint: endpoint, key: key)
    }

    private func look(
        for trace: LostProviderBatch, by dialect: any BatchWire, endpoint: Endpoint, key: String?
    ) async throws(UpstreamError) -> ProviderBatchFinding {
        let batches = try await batches(since: trace.since, by: dialect, endpoint: endpoint, key: key)
        if let batch = batches.first(where: { $0.name == trace.name }) { return .found(batch) }
        var undecided: [String] = []
        for batch in batches where Self.mayBe(batch, trace) {
            switch try await isNamed(trace.name, batch, endpoint: endpoint, key: key) {
            case true?: return .found(batch)
            case false?: continue
            case nil: undecided.append(batch.id)
            }
        }
        return undecided.isEmpty ? .absent : .undecided(undecided)
    }

    /// Whether nothing in a batch's description says that it is another one.
    private static func mayBe(_ batch: ProviderBatch, _ trace: LostProviderBatch) -> Bool {
        guard batch.name == nil, !trace.others.contains(batch.id) else { return false }
        let earliest = trace.since.advanced(bySeconds: -clockSkewSeconds)
        return (batch.total == trace.rows || batch.total == 0) && batch.createdAt.map { $0 >= earliest } ?? true
    }

    /// Whether a batch's first result is of a row of this order; nil where no result can be read (yet).
    private func isNamed(
        _ name: String, _ batch: ProviderBatch, endpoint: Endpoint, key: String?
    ) async throws(UpstreamError) -> Bool? {
        guard batch.isOver else { return nil }
        // Ours or not: it came to nothing and cost nothing.
        if batch.resultFiles.isEmpty, batch.completed == 0 { return false }
        guard let results = try? results(of: batch, endpoint: endpoint, key: key) else { return nil }
        var lines = results.makeAsyncIterator()
        do throws(UpstreamError) {
            while let line = try await lines.next(isolation: nil) {
                guard case .result(let result) = line else { continue }
                return ProviderBatchSubmission.isRow(result.customID, of: name)
            }
        } catch {
            // Results that the provider has put away (404, 410) tell nothing; other errors are the caller's to wait for.
            guard case .status(let failure) = error, !failure.isRetryable else { throw error }
        }
        return nil
    }

    /// The batches of an account, down to those that are too old.
    private func batches(
        since: Timestamp, by dialect: any BatchWire, endpoint: Endpoint, key: String?
    ) async throws(UpstreamError) -> [ProviderBatch] {
        let end = since.advanced(bySeconds: -Self.clockSkewSeconds - Self.listSkewSeconds)
        var found: [ProviderBatch] = []
        var seen: Set<String> = []
        var last: String?
        for _ in 0..<Self.maximumPages {
            let request = try dialect.list(after: last, endpoint: endpoint, key: key)
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
    /// Whether a batch may have been made although ``UpstreamClient/submit(_:)`` threw this: then it is to be looked for
    /// before it is sent again. False is certain.
    package var mayHaveMadeBatch: Bool {
        switch self {
        case .invalidRequest, .connect, .tls, .overloaded: false
        case .timeout(.connect, _, _, _): false
        // Refused by the provider; not by something on the way, which may have lost the answer.
        case .status(let failure): !(400..<500).contains(failure.status) || failure.status == 408
        case .timeout, .reset, .tooLarge, .malformed, .cancelled, .stopped, .undecided: true
        }
    }
}
