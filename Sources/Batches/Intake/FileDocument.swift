import Domain
package import JSON
package import Ledger

/// OpenAI's file object.
package struct FileDocument: Sendable {
    private let file: FileRecord

    package init(_ file: FileRecord) {
        self.file = file
    }

    package func write(into object: inout JSONWriter) {
        object.member("id", file.id)
        object.member("object", "file")
        object.member("bytes", file.byteCount)
        object.member("created_at", file.createdAt.milliseconds / 1000)
        object.member("expires_at", file.expiresAt.map { $0.milliseconds / 1000 })
        object.member("filename", file.name)
        object.member("purpose", file.purpose)
        object.member("status", "processed")
        object.memberNull("status_details")
    }

    package var json: [UInt8] {
        var writer = JSONWriter(capacity: 320)
        writer.object { write(into: &$0) }
        return writer.bytes
    }
}
