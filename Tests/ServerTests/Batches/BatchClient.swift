import Domain
import Foundation
import JSON
import TestSupport

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// An HTTP client for files and batches.
struct BatchClient: Sendable {
    let port: Int
    var key: String?

    struct Answer: Sendable {
        let status: Int
        let bytes: [UInt8]

        var text: String { String(decoding: bytes, as: UTF8.self) }
        var root: JSONValue { get throws { try JSONDocument(bytes).root } }
        /// The error's message.
        var message: String { (try? root)?["error"]?["message"]?.string ?? text }
    }

    private static let boundary = "----a-boundary-of-tests"

    func send(_ method: String, _ path: String, body: [UInt8]? = nil, type: String? = nil) async throws -> Answer {
        guard let url = URL(string: "http://127.0.0.1:\(port)\(path)") else { throw TimedOut(path) }
        var request = URLRequest(url: url)
        request.httpMethod = method
        request.httpBody = body.map { Data($0) }
        request.setValue(type ?? "application/json", forHTTPHeaderField: "Content-Type")
        if let key { request.setValue("Bearer \(key)", forHTTPHeaderField: "Authorization") }
        let (data, response) = try await URLSession.shared.data(for: request)
        return Answer(status: (response as? HTTPURLResponse)?.statusCode ?? 0, bytes: Array(data))
    }

    /// Uploads a form of fields and a file.
    func upload(
        _ text: String, fields: [(String, String)] = [("purpose", "batch")], name: String? = "in.jsonl",
        fileFirst: Bool = false
    ) async throws -> Answer {
        var parts = fields.map { "Content-Disposition: form-data; name=\"\($0)\"\r\n\r\n\($1)" }
        if let name {
            let file =
                "Content-Disposition: form-data; name=\"file\"; filename=\"\(name)\"\r\n"
                + "Content-Type: application/jsonl\r\n\r\n\(text)"
            parts.insert(file, at: fileFirst ? 0 : parts.count)
        }
        let body = parts.map { "--\(Self.boundary)\r\n\($0)\r\n" }.joined() + "--\(Self.boundary)--\r\n"
        return try await send(
            "POST", "/v1/files", body: Array(body.utf8), type: "multipart/form-data; boundary=\(Self.boundary)")
    }

    /// Uploads a file and returns its id.
    func file(_ text: String) async throws -> String {
        let answer = try await upload(text)
        guard let id = try answer.root["id"]?.string else { throw TimedOut("a file: \(answer.text)") }
        return id
    }

    func create(_ file: String, window: String = "24h", more: String = "") async throws -> Answer {
        let body =
            #"{"input_file_id":"\#(file)","endpoint":"/v1/chat/completions","completion_window":"\#(window)"\#(more)}"#
        return try await send("POST", "/v1/batches", body: Array(body.utf8))
    }

    /// Uploads lines, begins a batch of them and returns its id.
    func batch(_ text: String, window: String = "24h", more: String = "") async throws -> String {
        let answer = try await create(try await file(text), window: window, more: more)
        guard let id = try answer.root["id"]?.string else { throw TimedOut("a batch: \(answer.text)") }
        return id
    }

    func look(_ id: String) async throws -> JSONValue { try await send("GET", "/v1/batches/\(id)").root }

    /// Waits until a batch has one of the statuses.
    func wait(
        _ id: String, for states: [String] = ["completed", "failed", "expired", "cancelled"]
    ) async throws -> JSONValue {
        try await waitFor("batch \(id) to become \(states)") {
            let batch = try await look(id)
            return states.contains(batch["status"]?.string ?? "") ? batch : nil
        }
    }

    /// The lines of a result file; none without a file.
    func lines(_ batch: JSONValue, _ member: String) async throws -> [JSONValue] {
        guard let file = batch[member]?.string else { return [] }
        return try await send("GET", "/v1/files/\(file)/content").text.split(separator: "\n").map {
            try JSONDocument(Array($0.utf8)).root
        }
    }

    /// Rows `row-1` ... `row-N`.
    static func rows(_ numbers: ClosedRange<Int>, model: String = "hera") -> String {
        numbers.map { row("row-\($0)", text: "say <row-\($0)>", model: model) + "\n" }.joined()
    }

    static func row(_ id: String, text: String, model: String = "hera", more: String = "") -> String {
        #"{"custom_id":"\#(id)","method":"POST","url":"/v1/chat/completions","body":{"model":"\#(model)","#
            + #""max_tokens":16,"messages":[{"role":"user","content":"\#(text)"}]\#(more)}}"#
    }
}
