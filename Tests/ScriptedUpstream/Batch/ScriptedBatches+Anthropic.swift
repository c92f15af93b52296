import Foundation

/// Anthropic's message batches.
extension ScriptedBatches.State {
    mutating func anthropicReply(to request: ScriptedRequest) -> ScriptedReply? {
        let path = request.path.prefix { $0 != "?" }
        let parts = path.split(separator: "/").drop { $0 != "batches" }
        guard parts.first == "batches" else { return nil }
        guard request.header("x-api-key") != nil, request.header("anthropic-version") != nil else {
            return Self.failure(401, "no key, or no version")
        }
        let host = request.header("host") ?? ""
        let rest = Array(parts.dropFirst())
        switch (request.method, rest.count) {
        case ("POST", 0): return createAnthropic(request, host: host)
        case ("GET", 0):
            let (batches, hasMore) = page(
                limit: Self.query("limit", in: request.path).flatMap { Int($0) } ?? 20,
                after: Self.query("after_id", in: request.path))
            let list = batches.map { anthropicJSON($0, host: host) }.joined(separator: ",")
            return .json(#"{"data":[\#(list)],"has_more":\#(hasMore),"first_id":null,"last_id":null}"#)
        case ("GET", 1), ("POST", 2), ("GET", 2):
            guard let index = index(of: rest[0]) else { return Self.failure(404, "no such batch") }
            if rest.count == 2, request.method == "GET" { return anthropicResults(record.batches[index]) }
            if request.method == "GET" { poll(index) } else { cancel(index) }
            return .json(anthropicJSON(record.batches[index], host: host))
        default: return Self.failure(404, "no such path")
        }
    }

    private mutating func createAnthropic(_ request: ScriptedRequest, host: String) -> ScriptedReply {
        if let fault = faultBeforeCreate() { return fault }
        guard let rows = ScriptedBatchRow.requests(request.body), !rows.isEmpty else {
            return Self.failure(400, "requests: a row is not valid")
        }
        guard Set(rows.map(\.customID)).count == rows.count else {
            return Self.failure(400, "requests: a custom_id occurs twice")
        }
        guard !rows.contains(where: { $0.isStreaming || $0.maximumOutputTokens == nil }) else {
            return Self.failure(400, "requests: a row asks for a stream, or has no max_tokens")
        }
        let batch = add(name: nil, rows: rows, createdAt: nil, reason: nil)
        return replyToCreate(anthropicJSON(batch, host: host))
    }

    private func anthropicJSON(_ batch: ScriptedBatch, host: String) -> String {
        let status =
            switch batch.status {
            case .underWay: "in_progress"
            case .cancelling: "canceling"
            case .ended, .failed, .expired, .cancelled: "ended"
            }
        let results = rules.resultsURL ?? "http://\(host)/v1/messages/batches/\(batch.id)/results"
        let succeeded = batch.count { if case .answered = $0 { true } else { false } }
        let errored = batch.count { if case .failed = $0 { true } else { false } }
        let expired = batch.count { if case .expired = $0 { true } else { false } }
        let canceled = batch.count { if case .cancelled = $0 { true } else { false } }
        let created = Date(timeIntervalSince1970: Double(batch.createdAt)).formatted(.iso8601)
        return """
            {"id":"\(batch.id)","type":"message_batch","processing_status":"\(status)",\
            "request_counts":{"processing":\(batch.rows.count - batch.outcomes.count),"succeeded":\(succeeded),\
            "errored":\(errored),"canceled":\(canceled),"expired":\(expired)},"created_at":"\(created)",\
            "expires_at":"\(created)","ended_at":null,"cancel_initiated_at":null,"archived_at":null,\
            "results_url":\(batch.isOver ? ScriptedReply.quoted(results) : "null")}
            """
    }

    private mutating func anthropicResults(_ batch: ScriptedBatch) -> ScriptedReply {
        guard batch.isOver else { return Self.failure(400, "the batch has not ended") }
        let lines = zip(batch.rows, batch.outcomes).map { row, outcome in
            #"{"custom_id":\#(ScriptedReply.quoted(row.customID)),"result":\#(Self.result(row, outcome))}"#
        }
        return results(lines)
    }

    private static func result(_ row: ScriptedBatchRow, _ outcome: ScriptedBatch.Outcome) -> String {
        switch outcome {
        case .answered(let text, let usage):
            """
            {"type":"succeeded","message":{"id":"msg_\(row.customID)","type":"message","role":"assistant",\
            "model":\(ScriptedReply.quoted(row.model)),"content":[{"type":"text","text":\(ScriptedReply.quoted(text))}],\
            "stop_reason":"end_turn","stop_sequence":null,"usage":\(usage.anthropicJSON)}}
            """
        case .failed:
            """
            {"type":"errored","error":{"type":"error","request_id":"req_1",\
            "error":{"type":"invalid_request_error","message":"the row is wrong"}}}
            """
        case .expired: #"{"type":"expired"}"#
        case .cancelled: #"{"type":"canceled"}"#
        }
    }
}
