import Domain
import JSON

/// A malformed input line or a failed row, with its reason; other rows proceed.
package struct BatchFault: Hashable, Sendable {
    /// Input line, from 1.
    package var line: Int64
    package var customID: String?
    /// Machine-readable code: `invalid_json`, `duplicate_custom_id`, `budget_exceeded`, ...
    package var code: String
    /// Human-readable problem and remedy.
    package var message: String

    package init(line: Int64, customID: String?, code: String, message: String) {
        self.line = line
        self.customID = customID
        self.code = code
        self.message = message
    }

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
