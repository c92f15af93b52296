package import Core

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
    /// - OpenAI keeps our name in a batch's metadata: what the list shows is certain.
    /// - Anthropic keeps no names. A batch made since `since`, with as many rows, that is not one of `others`, may be
    ///   it; the name in the first line of its results tells, which are there when it has ended. While one has not, the
    ///   finding is undecided, unless another one turns out to be it. Within a day every batch ends.
    ///
    /// `absent` is only said after the list has been read twice, `settling` apart. It is as certain as that pause is
    /// longer than the provider takes to show in its list what it was asked for. Throws what a live call would throw.
    package func find(
        _ trace: ProviderBatchTrace, endpoint: Endpoint, key: String?
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
        for trace: ProviderBatchTrace, by dialect: any BatchWire, endpoint: Endpoint, key: String?
    ) async throws(UpstreamError) -> ProviderBatchFinding {
        var undecided: [String] = []
        for batch in try await batches(since: trace.since, by: dialect, endpoint: endpoint, key: key) {
            if dialect.keepsNames {
                if batch.name == trace.name { return .found(batch) }
            } else if Self.mayBe(batch, trace) {
                switch try await isNamed(trace.name, batch, by: dialect, endpoint: endpoint, key: key) {
                case true?: return .found(batch)
                case false?: continue
                case nil: undecided.append(batch.id)
                }
            }
        }
        return undecided.isEmpty ? .absent : .undecided(undecided)
    }

    /// Whether nothing in a batch's description says that it is another one.
    private static func mayBe(_ batch: ProviderBatch, _ trace: ProviderBatchTrace) -> Bool {
        !trace.others.contains(batch.id) && (batch.total == trace.rows || batch.total == 0)
    }

    /// Whether a batch's first result is of a row of this order; nil where no result can be read (yet).
    private func isNamed(
        _ name: String, _ batch: ProviderBatch, by dialect: any BatchWire, endpoint: Endpoint, key: String?
    ) async throws(UpstreamError) -> Bool? {
        guard batch.isOver, !batch.resultFiles.isEmpty else { return nil }
        let lines: ProviderBatchResults.AsyncIterator
        do throws(UpstreamError) {
            lines = try results(of: batch, endpoint: endpoint, key: key).makeAsyncIterator()
        } catch {
            return nil
        }
        var iterator = lines
        do throws(UpstreamError) {
            while let line = try await iterator.next(isolation: nil) {
                guard case .result(let result) = line else { continue }
                return ProviderBatchOrder.isRow(result.customID, of: name)
            }
        } catch {
            // Results that the provider has put away (404, 410) tell nothing; other errors are the caller's to wait for.
            guard case .status(let failure) = error, !failure.isRetryable else { throw error }
        }
        return nil
    }

    /// The batches of an account that are not older than a moment, less the clocks' difference.
    private func batches(
        since: Timestamp, by dialect: any BatchWire, endpoint: Endpoint, key: String?
    ) async throws(UpstreamError) -> [ProviderBatch] {
        let earliest = since.advanced(bySeconds: -Self.clockSkewSeconds)
        let end = earliest.advanced(bySeconds: -Self.listSkewSeconds)
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
            found += page.filter { $0.createdAt.map { $0 >= earliest } ?? true }
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
