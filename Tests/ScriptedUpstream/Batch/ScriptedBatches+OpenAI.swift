import Foundation

/// OpenAI's files and batches.
extension ScriptedBatches.State {
    mutating func openAIReply(to request: ScriptedRequest) -> ScriptedReply? {
        let path = request.path.prefix { $0 != "?" }
        let parts = path.split(separator: "/").drop { $0 != "files" && $0 != "batches" }
        guard let room = parts.first else { return nil }
        guard request.header("authorization")?.hasPrefix("Bearer ") == true else {
            return Self.failure(401, "no key")
        }
        let rest = Array(parts.dropFirst())
        switch (request.method, room, rest.count) {
        case ("POST", "files", 0): return upload(request)
        case ("GET", "files", 2) where rest[1] == "content": return content(String(rest[0]))
        case ("POST", "batches", 0): return createOpenAI(request)
        case ("GET", "batches", 0):
            let (batches, hasMore) = page(
                limit: Self.query("limit", in: request.path).flatMap { Int($0) } ?? 20,
                after: Self.query("after", in: request.path))
            let list = batches.map { Self.openAIJSON($0) }.joined(separator: ",")
            return .json(#"{"object":"list","data":[\#(list)],"has_more":\#(hasMore)}"#)
        case ("GET", "batches", 1), ("POST", "batches", 2):
            guard let index = index(of: rest[0]) else { return Self.failure(404, "no such batch") }
            if request.method == "GET" { poll(index) } else { cancel(index) }
            return .json(Self.openAIJSON(record.batches[index]))
        default: return Self.failure(404, "no such path")
        }
    }

    private mutating func upload(_ request: ScriptedRequest) -> ScriptedReply {
        guard let type = request.header("content-type"), let mark = type.range(of: "boundary=") else {
            return Self.failure(400, "not multipart/form-data")
        }
        let boundary = Data("--\(type[mark.upperBound...])".utf8)
        var fields: [String: Data] = [:]
        var body = Data(request.body)
        while let start = body.range(of: boundary) {
            body = Data(body[start.upperBound...])
            guard let headEnd = body.range(of: Data("\r\n\r\n".utf8)),
                let end = body.range(of: Data("\r\n".utf8) + boundary)
            else { break }
            let head = String(decoding: body[..<headEnd.lowerBound], as: UTF8.self)
            for name in ["purpose", "file"] where head.contains("name=\"\(name)\"") {
                fields[name] = Data(body[headEnd.upperBound..<end.lowerBound])
            }
        }
        guard fields["purpose"] == Data("batch".utf8), let file = fields["file"] else {
            return Self.failure(400, "purpose or file is missing")
        }
        record.uploads += 1
        let id = "file-\(record.uploads)"
        files[id] = Array(file)
        return .json(#"{"id":"\#(id)","object":"file","bytes":\#(file.count),"purpose":"batch","status":"processed"}"#)
    }

    private mutating func createOpenAI(_ request: ScriptedRequest) -> ScriptedReply {
        if let fault = faultBeforeCreate() { return fault }
        guard let body = try? JSONSerialization.jsonObject(with: Data(request.body)) as? [String: Any],
            body["endpoint"] as? String == "/v1/chat/completions", body["completion_window"] as? String == "24h",
            let file = (body["input_file_id"] as? String).flatMap({ files[$0] })
        else { return Self.failure(400, "endpoint, completion_window or input_file_id is wrong") }
        let rows = ScriptedBatchRow.lines(file)
        let batch = add(
            name: rules.storesMetadata ? (body["metadata"] as? [String: String])?["hera_batch"] : nil, rows: rows ?? [],
            createdAt: nil,
            reason: rules.refusesBatchesWith ?? Self.fault(of: rows))
        return replyToCreate(Self.openAIJSON(batch))
    }

    /// OpenAI's validation error of the rows, or nil.
    private static func fault(of rows: [ScriptedBatchRow]?) -> String? {
        guard let rows, !rows.isEmpty else { return "a line is not valid" }
        if Set(rows.map(\.customID)).count < rows.count { return "a custom_id occurs twice" }
        if Set(rows.map(\.model)).count > 1 { return "the rows are for several models" }
        if rows.contains(where: { $0.path != "/v1/chat/completions" }) { return "a url is not the batch's endpoint" }
        return rows.contains(where: \.isStreaming) ? "a row asks for a stream" : nil
    }

    private static func openAIJSON(_ batch: ScriptedBatch) -> String {
        let answered = batch.count { if case .answered = $0 { true } else { false } }
        let failed = batch.outcomes.count - answered
        let files =
            (answered > 0 ? #","output_file_id":"out-\#(batch.id)""# : "")
            + (failed > 0 ? #","error_file_id":"err-\#(batch.id)""# : #","error_file_id":null"#)
        let name = batch.name.map { #"{"hera_batch":\#(ScriptedReply.quoted($0))}"# } ?? "null"
        let errors =
            batch.status == .failed
            ? #"{"object":"list","data":[{"code":"invalid","message":\#(ScriptedReply.quoted(batch.reason ?? "")),"line":1}]}"#
            : "null"
        return """
            {"id":"\(batch.id)","object":"batch","endpoint":"/v1/chat/completions","errors":\(errors),\
            "completion_window":"24h","status":"\(batch.status.rawValue)","created_at":\(batch.createdAt),\
            "request_counts":{"total":\(batch.rows.count),"completed":\(answered),"failed":\(failed)},\
            "metadata":\(name)\(files)}
            """
    }

    private mutating func content(_ file: String) -> ScriptedReply {
        guard let index = index(of: file.dropFirst(4)) else { return Self.failure(404, "no such file") }
        let batch = record.batches[index]
        let isOutput = file.hasPrefix("out-")
        var lines: [String] = []
        for (row, outcome) in zip(batch.rows, batch.outcomes) {
            if let line = Self.line(row, outcome, isOutput: isOutput) { lines.append(line) }
        }
        return results(lines)
    }

    /// A row's line in the output or error file; nil if it belongs to the other one.
    private static func line(
        _ row: ScriptedBatchRow, _ outcome: ScriptedBatch.Outcome, isOutput: Bool
    ) -> String? {
        let response: String
        var error = "null"
        switch outcome {
        case .answered(let text, let usage):
            guard isOutput else { return nil }
            let body = """
                {"id":"chatcmpl-\(row.customID)","object":"chat.completion","created":1790000000,\
                "model":\(ScriptedReply.quoted(row.model)),"choices":[{"index":0,"message":{"role":"assistant",\
                "content":\(ScriptedReply.quoted(text))},"finish_reason":"stop"}],"usage":\(usage.json)}
                """
            response = #"{"status_code":200,"request_id":"req_\#(row.customID)","body":\#(body)}"#
        case .failed:
            guard !isOutput else { return nil }
            response = """
                {"status_code":400,"request_id":"req_1","body":{"error":{"message":"the row is wrong",\
                "type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}}
                """
        case .expired, .cancelled:
            guard !isOutput else { return nil }
            response = "null"
            let isExpired = if case .expired = outcome { true } else { false }
            error = #"{"code":"batch_\#(isExpired ? "expired" : "cancelled")","message":"the row was not begun"}"#
        }
        return """
            {"id":"batch_req_1","custom_id":\(ScriptedReply.quoted(row.customID)),"response":\(response),"error":\(error)}
            """
    }
}
