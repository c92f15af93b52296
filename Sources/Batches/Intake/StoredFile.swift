import Calls
import Domain
package import JSON
package import Ledger
package import Steps

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

/// Reads a file of the ledger chunk by chunk.
package struct FileReader: Sendable {
    private let id: String
    private let ledger: LedgerStore
    private var number = 0

    package init(_ id: String, in ledger: LedgerStore) {
        self.id = id
        self.ledger = ledger
    }

    /// The next chunk; nil at the end.
    package mutating func next() async throws -> [UInt8]? {
        number += 1
        return try await ledger.read { [id, number] in try $0.chunk(number, ofFile: id) }
    }
}

extension LedgerStore {
    /// A readable file of the caller's key; a caller without key sees all.
    package func file(_ id: String, for caller: Caller) async throws -> FileRecord {
        guard let file = try await readableFile(id), caller.key == nil || file.key == caller.key else {
            throw ServiceError.notFound(kind: "file", id: id)
        }
        return file
    }

    /// A complete, unexpired file; nil where there is none.
    func readableFile(_ id: String) async throws -> FileRecord? {
        let file = try await read { try $0.file(id) }
        return file.flatMap { $0.isThere(at: .now()) ? $0 : nil }
    }
}

/// Writes a file into the ledger in chunks; at most one chunk is buffered.
///
/// The first chunk creates the file, unreadable until it is marked complete. Incomplete files expire.
package struct FileWriter: Sendable {
    /// 256 KiB: few transactions, yet short enough not to delay those of payments.
    package static let chunkBytes = 256 << 10

    package private(set) var file: FileRecord
    private let ledger: LedgerStore
    private var waiting: [UInt8] = []
    private var isMade = false

    package init(_ file: FileRecord, in ledger: LedgerStore) {
        self.file = file
        self.file.byteCount = 0
        self.file.isComplete = false
        self.ledger = ledger
    }

    /// Whether anything was written.
    package var isEmpty: Bool { file.byteCount == 0 }

    package mutating func write(_ bytes: some Collection<UInt8>) async throws {
        file.byteCount += Int64(bytes.count)
        waiting += bytes
        while waiting.count >= Self.chunkBytes {
            try await append(Array(waiting.prefix(Self.chunkBytes)))
            waiting.removeFirst(Self.chunkBytes)
        }
    }

    /// Writes the buffered rest; creates the file even if it is empty.
    package mutating func flush() async throws {
        if !waiting.isEmpty || !isMade { try await append(waiting) }
        waiting = []
    }

    /// Deletes the chunks written so far.
    package func discard() async {
        if isMade { try? await ledger.write { try $0.deleteFile(file.id) } }
    }

    private mutating func append(_ bytes: [UInt8]) async throws {
        if !isMade { try await ledger.write { [file] in try $0.createFile(file) } }
        isMade = true
        if !bytes.isEmpty { try await ledger.write { [file] in try $0.appendChunk(bytes, toFile: file.id) } }
    }
}
