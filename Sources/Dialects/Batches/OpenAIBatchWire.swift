import Domain
import JSON
import Upstream

/// OpenAI's files and batches (API reference, "Files" and "Batch"), also spoken by others.
struct OpenAIBatchWire: BatchWire {
    /// The member of a batch's metadata that holds our name for it.
    static let nameMember = "hera_batch"
    /// The path in each row: OpenAI's, also where the endpoint has another.
    static let rowPath = "/v1/chat/completions"
    private static let pageSize = 100

    var limits = ProviderBatchLimits.openAI
    var wire: WireFormat { .openAI }

    // MARK: Requests

    func upload(_ order: ProviderBatchSubmission) throws(UpstreamError) -> UpstreamRequest? {
        // Every line of the file begins with a brace, so no line can be the boundary.
        let boundary = "hera-\(order.name)"
        var body = Array(
            """
            --\(boundary)\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nbatch\r\n\
            --\(boundary)\r\nContent-Disposition: form-data; name="file"; filename="\(order.name).jsonl"\r\n\
            Content-Type: application/jsonl\r\n\r\n
            """.utf8)
        let start = body.count
        body.reserveCapacity(start + order.bodyBytes + order.rows.count * 256)
        for row in order.rows {
            try append(row, of: order, to: &body)
            guard body.count - start <= limits.bytes else { throw limits.tooManyBytes }
        }
        body += Array("\r\n--\(boundary)--\r\n".utf8)
        let request = UpstreamRequest(
            url: order.endpoint.url("/files"),
            headers: [("Content-Type", "multipart/form-data; boundary=\(boundary)"), ("Accept", "application/json")],
            body: body, timeouts: .batchFile)
        return OpenAIWire.authorized(request, order.credentials)
    }

    private func append(
        _ row: ProviderBatchRow, of order: ProviderBatchSubmission, to file: inout [UInt8]
    ) throws(UpstreamError) {
        let request = try OpenAIWire().request(order.call(row))
        var line = JSONWriter(capacity: request.body.count + 256)
        line.object {
            $0.member("custom_id", row.customID)
            $0.member("method", "POST")
            $0.member("url", Self.rowPath)
            $0.member("body", raw: Self.oneLine(request.body))
        }
        file += line.bytes
        file.append(0x0A)
    }

    /// JSON text without line breaks: between two members they are no part of any text, and would end the line.
    private static func oneLine(_ text: [UInt8]) -> [UInt8] {
        guard text.contains(where: { $0 == 0x0A || $0 == 0x0D }) else { return text }
        return text.map { $0 == 0x0A || $0 == 0x0D ? 0x20 : $0 }
    }

    func create(_ order: ProviderBatchSubmission, file: String?) throws(UpstreamError) -> UpstreamRequest {
        guard let file else { throw .invalidRequest(reason: "a batch needs the id of its file") }
        var body = JSONWriter()
        body.object { body in
            body.member("input_file_id", file)
            body.member("endpoint", Self.rowPath)
            body.member("completion_window", "24h")
            body.member("metadata", object: { $0.member(Self.nameMember, order.name) })
        }
        var request = UpstreamRequest(
            url: order.endpoint.url("/batches"),
            headers: [("Content-Type", "application/json"), ("Accept", "application/json")], body: body.bytes)
        request.isRepeatable = false
        return OpenAIWire.authorized(request, order.credentials)
    }

    func get(_ id: String, endpoint: Endpoint, credentials: Credentials) throws(UpstreamError) -> UpstreamRequest {
        let id = try ProviderID.check(id, host: endpoint.baseURL)
        return OpenAIWire.authorized(endpoint.batchRequest("GET", "/batches/\(id)"), credentials)
    }

    func cancel(_ id: String, endpoint: Endpoint, credentials: Credentials) throws(UpstreamError) -> UpstreamRequest {
        let id = try ProviderID.check(id, host: endpoint.baseURL)
        return OpenAIWire.authorized(endpoint.batchRequest("POST", "/batches/\(id)/cancel"), credentials)
    }

    func list(after last: String?, endpoint: Endpoint, credentials: Credentials) throws(UpstreamError)
        -> UpstreamRequest
    {
        var path = "/batches?limit=\(Self.pageSize)"
        if let last { path += "&after=\(try ProviderID.check(last, host: endpoint.baseURL))" }
        return OpenAIWire.authorized(endpoint.batchRequest("GET", path), credentials)
    }

    func results(_ file: String, endpoint: Endpoint, credentials: Credentials) throws(UpstreamError) -> UpstreamRequest
    {
        let id = try ProviderID.check(file, host: endpoint.baseURL)
        return OpenAIWire.authorized(endpoint.batchRequest("GET", "/files/\(id)/content"), credentials)
    }

    // MARK: Answers

    func batch(_ value: JSONValue, host: String) throws(UpstreamError) -> ProviderBatch {
        guard let id = value["id"]?.string, let status = value["status"]?.string else {
            throw .malformed(host: host, reason: "its description of a batch has no id or no status")
        }
        let counts = value["request_counts"]
        let files = [value["output_file_id"], value["error_file_id"]].compactMap { $0?.string }
        return ProviderBatch(
            id: try ProviderID.check(id, host: host), phase: Self.phase(status, value),
            completed: OpenAIWire.count(counts?["completed"]), failed: OpenAIWire.count(counts?["failed"]),
            total: OpenAIWire.count(counts?["total"]), resultFiles: files.filter { !$0.isEmpty },
            name: value["metadata"]?[Self.nameMember]?.string,
            createdAt: value["created_at"]?.integer.flatMap { Timestamp("\($0)") })
    }

    /// An unknown status counts as under way: to wait longer costs nothing.
    private static func phase(_ status: String, _ value: JSONValue) -> ProviderBatch.Phase {
        switch status {
        case "completed": .ended
        case "failed": .failed(reason: reason(value["errors"]))
        case "expired": .expired
        case "cancelling": .cancelling
        case "cancelled": .cancelled
        default: .underWay
        }
    }

    /// The first three errors with their lines.
    private static func reason(_ errors: JSONValue?) -> String {
        let list = errors?["data"] ?? errors
        let texts = list?.elements.prefix(3).compactMap { error -> String? in
            guard let text = error.string ?? error["message"]?.string ?? error["code"]?.string else { return nil }
            let line = error["line"]?.integer.map { "line \($0): " } ?? ""
            return line + FailureText.clean(text)
        }
        guard let texts, !texts.isEmpty else { return "the provider gives no reason" }
        return texts.joined(separator: "; ")
    }

    func result(_ line: JSONValue, number: Int, host: String) -> ProviderBatchLine {
        guard let customID = line["custom_id"]?.string else {
            return .unreadable(line: number, reason: "it has no custom_id")
        }
        return .result(ProviderBatchResult(customID: customID, outcome: outcome(line, host: host)))
    }

    private func outcome(_ line: JSONValue, host: String) -> ProviderBatchResult.Outcome {
        if let error = line["error"], !error.isNull {
            switch error["code"]?.string {
            case "batch_expired": return .expired
            case "batch_cancelled", "batch_canceled": return .cancelled
            default: return .failed(FailureReader.read(line, statusWithoutCode: 500))
            }
        }
        guard let response = line["response"], let body = response["body"], body.kind == .object else {
            return .unreadable(reason: "it has neither a response with a body nor an error")
        }
        let status = response["status_code"]?.integer.map { Int($0) } ?? 200
        guard (200..<300).contains(status) else { return .failed(FailureReader.read(body, status: status)) }
        do throws(UpstreamError) {
            let (answer, bytes) = try OpenAIWire().answer(Array(body.raw), host: host)
            // An answer that its server broke off may have been billed.
            if let failure = answer.failure { return .unreadable(reason: "\(failure)") }
            return .answered(answer, body: OpenAIWriter.body(of: answer, openAIBytes: bytes))
        } catch {
            if case .status(let failure) = error { return .failed(failure) }
            return .unreadable(reason: "\(error)")
        }
    }
}
