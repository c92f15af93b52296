package import Calls
import Domain
package import Ledger
package import Steps

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
    package mutating func next() async throws(ServiceError) -> [UInt8]? {
        number += 1
        do throws(LedgerError) {
            return try await ledger.read { [id, number] in try $0.chunk(number, ofFile: id) }
        } catch {
            throw .ledger(error)
        }
    }
}

extension StepService {
    /// A readable file of the caller's key; a caller without key sees all.
    package func file(_ id: String, for caller: Caller) async throws(ServiceError) -> FileRecord {
        guard let file = try await readableFile(id), caller.key == nil || file.key == caller.key else {
            throw .notFound(kind: "file", id: id)
        }
        return file
    }

    /// A complete, unexpired file; nil where there is none.
    func readableFile(_ id: String) async throws(ServiceError) -> FileRecord? {
        let file = try await inLedger { ledger throws(LedgerError) in try await ledger.read { try $0.file(id) } }
        return file.flatMap { $0.isThere(at: .now()) ? $0 : nil }
    }
}
