import Dialects
import Domain
import JSON

/// A chat request of a batch: one line of OpenAI's batch file format, `{"custom_id", "method", "url", "body"}`.
package struct BatchRequest: Hashable, Sendable {
    /// Input line, from 1.
    package let line: Int64
    package let customID: String
    /// The chat request's bytes, unchanged.
    package let body: [UInt8]
}

/// Parses a batch's input incrementally and validates every line; memory is bounded by the longest line allowed.
///
/// A malformed line becomes a fault with line number and reason; other lines proceed.
package struct BatchReader: Sendable {
    package static let endpoint = "/v1/chat/completions"
    private static let mostCustomIDBytes = 256

    /// Faults so far, in line order.
    package private(set) var faults: [BatchFault] = []
    /// Requests so far.
    package private(set) var requestCount = 0
    private let mostLineBytes: Int
    private var line: Int64 = 1
    private var rest: [UInt8] = []
    private var isTooLong = false
    /// Line of each custom id so far.
    private var seen: [String: Int64] = [:]

    package init(mostLineBytes: Int) {
        self.mostLineBytes = mostLineBytes
    }

    /// Consumes the next piece; returns the requests of the lines it completes.
    package mutating func feed(_ piece: some Sequence<UInt8>) -> [BatchRequest] {
        var requests: [BatchRequest] = []
        for byte in piece {
            if byte == 0x0a {
                if let request = endLine() { requests.append(request) }
            } else if rest.count < mostLineBytes {
                rest.append(byte)
            } else {
                isTooLong = true
            }
        }
        return requests
    }

    /// Ends the input; returns the request of a last line without newline.
    package mutating func finish() -> BatchRequest? { endLine() }

    private mutating func endLine() -> BatchRequest? {
        defer {
            line += 1
            rest.removeAll(keepingCapacity: true)
            isTooLong = false
        }
        if isTooLong {
            fault(
                nil, "line_too_large",
                "the line is longer than \(mostLineBytes) bytes: shorten it, or raise limits.body_bytes")
            return nil
        }
        if line == 1 { rest = Array(rest.withoutByteOrderMark) }
        guard rest.contains(where: { $0 > 0x20 }) else { return nil }
        let root: JSONValue
        do throws(JSONError) {
            root = try JSONDocument(rest).root
        } catch {
            fault(nil, "invalid_json", "the line is not valid JSON: \(error)")
            return nil
        }
        let customID = root["custom_id"]?.string
        do throws(FieldError) {
            return try request(root)
        } catch {
            let isRepeated = error.field == "custom_id" && customID.map { seen[$0] != nil } ?? false
            fault(customID, isRepeated ? "duplicate_custom_id" : "invalid_line", "\(error)")
            return nil
        }
    }

    private mutating func request(_ root: JSONValue) throws(FieldError) -> BatchRequest {
        guard root.kind == .object else {
            throw FieldError("", "a line must be an object like {\"custom_id\", \"method\", \"url\", \"body\"}")
        }
        guard let id = root["custom_id"]?.string, !id.isEmpty, id.utf8.count <= Self.mostCustomIDBytes else {
            throw FieldError("custom_id", "must be a string of 1 to \(Self.mostCustomIDBytes) bytes")
        }
        guard root["method"]?.string == "POST" else { throw FieldError("method", "must be \"POST\"") }
        guard root["url"]?.string == Self.endpoint else {
            throw FieldError("url", "must be \"\(Self.endpoint)\": batches do chat completions")
        }
        guard let body = root["body"], body.kind == .object else {
            throw FieldError("body", "must be a chat request: {\"model\", \"messages\", ...}")
        }
        let bytes = Array(body.raw)
        do {
            let chat = try ChatRequest(try JSONDocument(bytes))
            guard !chat.isStream else { throw FieldError("stream", "must not be true: a batch's answers come whole") }
        } catch let error as FieldError {
            throw FieldError(error.field.isEmpty ? "body" : "body.\(error.field)", error.problem)
        } catch {
            throw FieldError("body", "\(error)")
        }
        // Only well-formed lines claim their id: a corrected copy of a malformed line is accepted.
        if let first = seen[id] {
            throw FieldError("custom_id", "'\(id)' is that of line \(first) already: every row needs its own")
        }
        seen[id] = line
        requestCount += 1
        return BatchRequest(line: line, customID: id, body: bytes)
    }

    private mutating func fault(_ customID: String?, _ code: String, _ message: String) {
        faults.append(BatchFault(line: line, customID: customID, code: code, message: message))
    }
}

/// A malformed input line or a failed row, with its reason; other rows proceed.
package struct BatchFault: Hashable, Sendable {
    /// Input line, from 1.
    package var line: Int64
    package var customID: String?
    /// Machine-readable code: `invalid_json`, `duplicate_custom_id`, `budget_exceeded`, ...
    package var code: String
    /// Human-readable problem and remedy.
    package var message: String
}

extension BatchFault {
    /// JSON stored with the row: `{"code", "message"}`.
    var body: [UInt8] {
        var writer = JSONWriter(capacity: message.utf8.count + 64)
        writer.object { object in
            object.member("code", code)
            object.member("message", message)
        }
        return writer.bytes
    }

    /// Reads what `body` writes.
    init(of row: BatchRowText) {
        let root = (try? JSONDocument(row.response))?.root
        self.init(
            line: row.line, customID: row.customID, code: root?["code"]?.string ?? "failed",
            message: root?["message"]?.string ?? "the row failed")
    }
}

/// A finished row as stored in the ledger.
struct BatchRowText {
    var line: Int64
    var customID: String
    var response: [UInt8]
}
