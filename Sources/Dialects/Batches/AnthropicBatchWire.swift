import Domain
import JSON
import Upstream

/// Anthropic's message batches (API reference, "Message Batches").
struct AnthropicBatchWire: BatchWire {
    private static let pageSize = 1000

    var limits = ProviderBatchLimits.anthropic
    var wire: WireFormat { .anthropic }

    // MARK: Requests

    func upload(_ order: ProviderBatchSubmission) throws(UpstreamError) -> UpstreamRequest? { nil }

    func create(_ order: ProviderBatchSubmission, file: String?) throws(UpstreamError) -> UpstreamRequest {
        var body = Array(#"{"requests":["#.utf8)
        body.reserveCapacity(order.bodyBytes + order.rows.count * 256)
        for (index, row) in order.rows.enumerated() {
            let request = try AnthropicWire().request(order.call(row))
            var item = JSONWriter(capacity: request.body.count + 128)
            item.object {
                $0.member("custom_id", row.customID)
                $0.member("params", raw: request.body)
            }
            if index > 0 { body.append(UInt8(ascii: ",")) }
            body += item.bytes
            guard body.count <= limits.bytes else { throw limits.tooManyBytes }
        }
        body += Array("]}".utf8)
        var request = UpstreamRequest(
            url: order.endpoint.url("/messages/batches"),
            headers: [("Content-Type", "application/json"), ("Accept", "application/json")], body: body,
            timeouts: .batchFile)
        request.isRepeatable = false
        return AnthropicWire.authorized(request, order.credentials)
    }

    func get(_ id: String, endpoint: Endpoint, credentials: Credentials) throws(UpstreamError) -> UpstreamRequest {
        let id = try ProviderID.check(id, host: endpoint.baseURL)
        return AnthropicWire.authorized(endpoint.batchRequest("GET", "/messages/batches/\(id)"), credentials)
    }

    func cancel(_ id: String, endpoint: Endpoint, credentials: Credentials) throws(UpstreamError) -> UpstreamRequest {
        let id = try ProviderID.check(id, host: endpoint.baseURL)
        return AnthropicWire.authorized(endpoint.batchRequest("POST", "/messages/batches/\(id)/cancel"), credentials)
    }

    func list(after last: String?, endpoint: Endpoint, credentials: Credentials) throws(UpstreamError)
        -> UpstreamRequest
    {
        var path = "/messages/batches?limit=\(Self.pageSize)"
        if let last { path += "&after_id=\(try ProviderID.check(last, host: endpoint.baseURL))" }
        return AnthropicWire.authorized(endpoint.batchRequest("GET", path), credentials)
    }

    func results(_ file: String, endpoint: Endpoint, credentials: Credentials) throws(UpstreamError) -> UpstreamRequest
    {
        let origin = try Origin(url: file)
        let own = try Origin(url: endpoint.baseURL)
        guard origin == own else {
            throw .malformed(
                host: own.host,
                reason: "its results are said to be at \(FailureText.clean(origin.host)), where the key is not sent")
        }
        let request = UpstreamRequest(
            method: "GET", url: file, headers: [("Accept", "application/x-jsonl, application/json")])
        return AnthropicWire.authorized(request, credentials)
    }

    // MARK: Answers

    func batch(_ value: JSONValue, host: String) throws(UpstreamError) -> ProviderBatch {
        guard let id = value["id"]?.string, let status = value["processing_status"]?.string else {
            throw .malformed(host: host, reason: "its description of a batch has no id or no processing_status")
        }
        let counts = value["request_counts"]
        func count(_ name: String) -> Int { OpenAIWire.count(counts?[name]) }
        let failed = count("errored") + count("canceled") + count("expired")
        let phase: ProviderBatch.Phase =
            switch status {
            case "ended" where count("expired") > 0: .expired
            case "ended" where count("canceled") > 0: .cancelled
            case "ended": .ended
            case "canceling": .cancelling
            default: .underWay
            }
        return ProviderBatch(
            id: try ProviderID.check(id, host: host), phase: phase, completed: count("succeeded"), failed: failed,
            total: count("processing") + count("succeeded") + failed,
            resultFiles: [value["results_url"]?.string].compactMap { $0 },
            createdAt: value["created_at"]?.string.flatMap { Timestamp($0) })
    }

    func result(_ line: JSONValue, number: Int, host: String) -> ProviderBatchLine {
        guard let customID = line["custom_id"]?.string else {
            return .unreadable(line: number, reason: "it has no custom_id")
        }
        return .result(ProviderBatchResult(customID: customID, outcome: outcome(line["result"], host: host)))
    }

    private func outcome(_ result: JSONValue?, host: String) -> ProviderBatchResult.Outcome {
        switch result?["type"]?.string {
        case "succeeded":
            guard let message = result?["message"], message.kind == .object else {
                return .unreadable(reason: "it has no message")
            }
            do throws(UpstreamError) {
                let (answer, bytes) = try AnthropicWire().answer(Array(message.raw), host: host)
                // An answer that its server broke off may have been billed.
                if let failure = answer.failure { return .unreadable(reason: "\(failure)") }
                return .answered(answer, body: OpenAIWriter.body(of: answer, openAIBytes: bytes))
            } catch {
                if case .status(let failure) = error { return .failed(failure) }
                return .unreadable(reason: "\(error)")
            }
        case "errored":
            guard let error = result?["error"], error.kind == .object else {
                return .unreadable(reason: "it has no error")
            }
            return .failed(
                FailureReader.read(error, status: AnthropicWire.status(ofError: error["error"]?["type"]?.string)))
        case "expired": return .expired
        case "canceled": return .cancelled
        case let type: return .unreadable(reason: "its result is of type '\(FailureText.clean(type ?? ""))'")
        }
    }
}
