package import Calls
import Domain
package import Ledger

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

    package mutating func write(_ bytes: some Collection<UInt8>) async throws(ServiceError) {
        file.byteCount += Int64(bytes.count)
        waiting += bytes
        while waiting.count >= Self.chunkBytes {
            try await append(Array(waiting.prefix(Self.chunkBytes)))
            waiting.removeFirst(Self.chunkBytes)
        }
    }

    /// Writes the buffered rest; creates the file even if it is empty.
    package mutating func flush() async throws(ServiceError) {
        if !waiting.isEmpty || !isMade { try await append(waiting) }
        waiting = []
    }

    /// Deletes the chunks written so far.
    package func discard() async {
        if isMade { try? await ledger.write { try $0.deleteFile(file.id) } }
    }

    private mutating func append(_ bytes: [UInt8]) async throws(ServiceError) {
        do throws(LedgerError) {
            if !isMade { try await ledger.write { [file] in try $0.createFile(file) } }
            isMade = true
            if !bytes.isEmpty { try await ledger.write { [file] in try $0.appendChunk(bytes, toFile: file.id) } }
        } catch {
            throw .ledger(error)
        }
    }
}
