import Domain
import JSON

/// A line of a batch's input, or a row made of it, that cannot be done, and why. The others go on.
package struct BatchFault: Hashable, Sendable {
    /// The line of the input, from 1.
    package var line: Int64
    package var customID: String?
    /// A name that programs may test for: `invalid_json`, `duplicate_custom_id`, `budget_exceeded`, ...
    package var code: String
    /// What is wrong and what to do, for a person.
    package var message: String

    package init(line: Int64, customID: String?, code: String, message: String) {
        self.line = line
        self.customID = customID
        self.code = code
        self.message = message
    }

    /// What is kept of a fault with its row: `{"code", "message"}`.
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

/// A row that has ended, as the ledger keeps it.
struct BatchRowText {
    var line: Int64
    var customID: String
    var response: [UInt8]
}
