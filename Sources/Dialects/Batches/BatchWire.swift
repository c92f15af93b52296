package import Domain
package import JSON
package import Upstream

/// A dialect of interfaces for whole batches: requests out, descriptions and results in. Pure, as a ``ChatWire`` is.
package protocol BatchWire: Sendable {
    var limits: ProviderBatchLimits { get }
    /// The dialect of the rows.
    var wire: WireFormat { get }

    /// The request that brings the rows to the provider before the batch is made; nil where they go with it.
    func upload(_ order: ProviderBatchSubmission) throws(UpstreamError) -> UpstreamRequest?
    /// The request that makes the batch. It is sent once: ``UpstreamRequest/isRepeatable`` is false.
    /// - Parameter file: the provider's id of the uploaded rows.
    func create(_ order: ProviderBatchSubmission, file: String?) throws(UpstreamError) -> UpstreamRequest
    func get(_ id: String, endpoint: Endpoint, credentials: Credentials) throws(UpstreamError) -> UpstreamRequest
    func cancel(_ id: String, endpoint: Endpoint, credentials: Credentials) throws(UpstreamError) -> UpstreamRequest
    /// A page of the list of batches, the newest first.
    /// - Parameter last: the last batch of the page before; nil for the first page.
    func list(after last: String?, endpoint: Endpoint, credentials: Credentials) throws(UpstreamError)
        -> UpstreamRequest
    /// The request for one of ``ProviderBatch/resultFiles``. Never goes to another host than the endpoint's.
    func results(_ file: String, endpoint: Endpoint, credentials: Credentials) throws(UpstreamError) -> UpstreamRequest

    /// Reads a description of a batch.
    func batch(_ value: JSONValue, host: String) throws(UpstreamError) -> ProviderBatch
    /// Reads a line of results.
    func result(_ line: JSONValue, number: Int, host: String) -> ProviderBatchLine
}

extension BatchInterface {
    /// The dialect's reader and writer.
    var dialect: any BatchWire {
        switch self {
        case .openAI: OpenAIBatchWire()
        case .anthropic: AnthropicBatchWire()
        }
    }
}

extension Endpoint {
    /// The endpoint's interface for batches; throws ``UpstreamError/invalidRequest(reason:)`` where it has none.
    package func batchDialect() throws(UpstreamError) -> any BatchWire {
        guard let dialect = batches?.dialect else {
            throw .invalidRequest(
                reason: "the endpoint of \(modelName) has no batch interface; name one as batch_api in the catalog")
        }
        guard dialect.wire == wire else {
            throw .invalidRequest(
                reason: "the endpoint of \(modelName) speaks \(wire.rawValue), and its batch_api is another provider's")
        }
        return dialect
    }

    /// A request without a body below the endpoint's base.
    func batchRequest(_ method: String, _ path: String) -> UpstreamRequest {
        UpstreamRequest(method: method, url: url(path), headers: [("Accept", "application/json")])
    }
}

extension UpstreamTimeouts {
    /// For requests that carry or bring a batch's rows: hundreds of megabytes, perhaps to a slow reader.
    package static let batchFile = UpstreamTimeouts(
        firstByte: .seconds(900), idle: .seconds(300), total: .seconds(6 * 3600))
}

/// Ids that providers give become parts of addresses: only what cannot lead anywhere else is let through.
package enum ProviderID {
    package static func check(_ id: String, host: String) throws(UpstreamError) -> String {
        let isPlain = id.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                true
            default: false
            }
        }
        guard isPlain, (1...200).contains(id.utf8.count) else {
            throw .malformed(host: host, reason: "'\(FailureText.clean(id))' is no id of a batch or a file")
        }
        return id
    }
}
