package import Dialects
package import Domain
import JSON
package import Upstream

extension UpstreamClient {
    /// Bytes of a description or a list of batches that are read.
    static let maximumBatchBytes = 16 << 20
    /// Bytes of results that are read: a guard against a server that never ends.
    private static let maximumResultBytes = 64 << 30

    /// Sends a batch, once.
    ///
    /// The request that makes the batch is never repeated by itself, not even on a connection that broke before the first
    /// byte. What holds after an error:
    /// - Where ``UpstreamError/mayHaveMadeBatch`` is false there is no batch, nothing was billed, and the order may be
    ///   sent again as it is.
    /// - Else it may exist. Send it again with ``ProviderBatchSubmission/earlier`` set: it is then looked for first
    ///   (``find(_:endpoint:key:)``), taken over where it is there, sent where it is certainly not, and where that cannot
    ///   be told the call throws ``UpstreamError/undecided(batches:)`` and sends nothing.
    ///
    /// So an order is paid once, provided that its name was written down before it was first sent, and that only one
    /// process sends it at a time. OpenAI has no documented Idempotency-Key for batches, and none is relied on.
    ///
    /// Throws ``UpstreamError/invalidRequest(reason:)``, before anything is sent, for rows that the provider cannot be
    /// asked, and for more rows or bytes than ``ProviderBatchLimits`` allow.
    package func submit(_ submission: ProviderBatchSubmission) async throws(UpstreamError) -> ProviderBatch {
        let dialect = try submission.endpoint.batchDialect()
        try submission.validate(dialect.limits)
        if let earlier = submission.earlier {
            switch try await find(earlier, endpoint: submission.endpoint, key: submission.key) {
            case .found(let batch): return batch
            case .undecided(let batches): throw .undecided(batches: batches)
            case .absent: break
            }
        }
        var file: String?
        if let upload = try dialect.upload(submission) {
            let (value, host) = try await fetch(upload)
            guard let id = value["id"]?.string else {
                throw .malformed(host: host, reason: "its answer to an uploaded file has no id")
            }
            file = try ProviderID.check(id, host: host)
        }
        return try await batch(by: try dialect.create(submission, file: file), dialect)
    }

    /// The batch that answers a request.
    private func batch(
        by request: UpstreamRequest, _ dialect: any BatchWire
    ) async throws(UpstreamError) -> ProviderBatch {
        let (value, host) = try await fetch(request)
        return try dialect.batch(value, host: host)
    }

    /// Asks how far a batch is.
    package func batch(
        _ id: String, endpoint: Endpoint, key: String?
    ) async throws(UpstreamError) -> ProviderBatch {
        let dialect = try endpoint.batchDialect()
        return try await batch(by: try dialect.get(id, endpoint: endpoint, key: key), dialect)
    }

    /// Asks the provider to stop a batch. Rows that were answered are billed and have results; the batch is over when
    /// ``batch(_:endpoint:key:)`` says so, which may take minutes.
    package func cancelBatch(
        _ id: String, endpoint: Endpoint, key: String?
    ) async throws(UpstreamError) -> ProviderBatch {
        let dialect = try endpoint.batchDialect()
        return try await batch(by: try dialect.cancel(id, endpoint: endpoint, key: key), dialect)
    }

    /// Every row that has a result, as a stream in bounded memory; rows that are missing have none.
    ///
    /// Throws ``UpstreamError/malformed(host:reason:)`` for results on another host than the endpoint's: the key is not
    /// sent there. What breaks while reading is thrown by the sequence; reading again begins at the first line.
    package func results(
        of batch: ProviderBatch, endpoint: Endpoint, key: String?
    ) throws(UpstreamError) -> ProviderBatchResults {
        let dialect = try endpoint.batchDialect()
        var requests: [UpstreamRequest] = []
        for file in batch.resultFiles {
            var request = try dialect.results(file, endpoint: endpoint, key: key)
            request.timeouts = .batchFile
            request.maximumResponseBytes = Self.maximumResultBytes
            requests.append(request)
        }
        return ProviderBatchResults(client: self, dialect: dialect, requests: requests)
    }

    /// Sends a request and reads the object that answers it.
    func fetch(_ request: UpstreamRequest) async throws(UpstreamError) -> (value: JSONValue, host: String) {
        let response = try await accept(try await send(request))
        let body = try await response.collect(upTo: Self.maximumBatchBytes)
        do {
            return (try JSONDocument(body).root, response.body.host)
        } catch {
            throw .malformed(host: response.body.host, reason: "\(error)")
        }
    }
}
