package import Dialects
package import Domain
import JSON
package import Upstream

extension UpstreamClient {
    /// Limit of a batch description or a list of batches in bytes.
    static let maximumBatchBytes = 16 << 20
    /// Limit of a result file in bytes, against endless responses.
    private static let maximumResultBytes = 64 << 30

    /// Submits a batch at most once.
    ///
    /// The creating request is never repeated by itself, not even after a reset before the first byte. After an error:
    /// - If ``UpstreamError/mayHaveMadeBatch`` is false, there is no batch and no bill. It may be submitted again.
    /// - Otherwise it may exist. Submit it again with ``ProviderBatchSubmission/earlier`` set. Then it is searched first
    ///   (``find(_:endpoint:credentials:)``): a batch that is found is adopted, an absent one is sent. An undecided search
    ///   throws ``UpstreamError/undecided(batches:)`` and sends nothing.
    ///
    /// So a batch is paid once, if its name was stored before the first try and only one process submits it at a time.
    /// OpenAI documents no Idempotency-Key for batches, so none is used.
    ///
    /// Throws ``UpstreamError/invalidRequest(reason:)`` before sending, for rows that the provider does not support and
    /// for more rows or bytes than ``ProviderBatchLimits`` allow.
    package func submit(_ submission: ProviderBatchSubmission) async throws(UpstreamError) -> ProviderBatch {
        let dialect = try submission.endpoint.batchDialect()
        try submission.validate(dialect.limits)
        if let earlier = submission.earlier {
            switch try await find(earlier, endpoint: submission.endpoint, credentials: submission.credentials) {
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

    /// Sends a request whose answer is a batch.
    private func batch(
        by request: UpstreamRequest, _ dialect: any BatchWire
    ) async throws(UpstreamError) -> ProviderBatch {
        let (value, host) = try await fetch(request)
        return try dialect.batch(value, host: host)
    }

    /// The present state of a batch.
    package func batch(
        _ id: String, endpoint: Endpoint, credentials: Credentials
    ) async throws(UpstreamError) -> ProviderBatch {
        let dialect = try endpoint.batchDialect()
        return try await batch(by: try dialect.get(id, endpoint: endpoint, credentials: credentials), dialect)
    }

    /// Cancels a batch. Answered rows are billed and have results.
    ///
    /// Cancellation may take minutes; ``batch(_:endpoint:credentials:)`` tells when the batch has ended.
    package func cancelBatch(
        _ id: String, endpoint: Endpoint, credentials: Credentials
    ) async throws(UpstreamError) -> ProviderBatch {
        let dialect = try endpoint.batchDialect()
        return try await batch(by: try dialect.cancel(id, endpoint: endpoint, credentials: credentials), dialect)
    }

    /// The rows that have a result, as a stream in bounded memory.
    ///
    /// Throws ``UpstreamError/malformed(host:reason:)`` for results on another host than the endpoint's: the key is not
    /// sent there. The sequence throws the errors of reading; reading again begins at the first line.
    package func results(
        of batch: ProviderBatch, endpoint: Endpoint, credentials: Credentials
    ) throws(UpstreamError) -> ProviderBatchResults {
        let dialect = try endpoint.batchDialect()
        var requests: [UpstreamRequest] = []
        for file in batch.resultFiles {
            var request = try dialect.results(file, endpoint: endpoint, credentials: credentials)
            request.timeouts = .batchFile
            request.maximumResponseBytes = Self.maximumResultBytes
            requests.append(request)
        }
        return ProviderBatchResults(client: self, dialect: dialect, requests: requests)
    }

    /// Sends a request and reads the JSON of its answer.
    func fetch(_ request: UpstreamRequest) async throws(UpstreamError) -> (value: JSONValue, host: String) {
        let response = try await exchange(request)
        let body = try await response.collect(upTo: Self.maximumBatchBytes)
        do {
            return (try JSONDocument(body).root, response.body.host)
        } catch {
            throw .malformed(host: response.body.host, reason: "\(error)")
        }
    }
}
