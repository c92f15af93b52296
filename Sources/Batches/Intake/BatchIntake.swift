package import Calls
import Domain
import JSON
package import Ledger
import Steps

/// A batch whose input is validated and stored as rows.
package struct BatchIntake: Sendable {
    package var batch: BatchRecord
    /// Malformed lines.
    package var faults: [BatchFault]
    /// Number of well-formed lines.
    package var rows: Int

    /// - Throws: a `FieldError` where no line is well-formed.
    package func checked() throws -> BatchIntake {
        guard rows == 0 else { return self }
        let first = faults.first.map { "; the first: line \($0.line): \($0.message)" } ?? ": it is empty"
        throw FieldError("input", "has no line that can be done (\(faults.count) are wrong)\(first)")
    }
}

extension BatchIntake {
    private static let rowsAtOnce = 256

    /// Validates a batch's input line by line and stores the rows; repeated calls find them again.
    ///
    /// - Parameter next: the next piece of the input; nil at its end.
    /// - Throws: a `FieldError` for more rows, or more malformed lines, than `limits.batch_rows`.
    package static func importRows(
        of batch: BatchRecord, into ledger: LedgerStore, limits: ServiceLimits, next: () async throws -> [UInt8]?
    ) async throws -> BatchIntake {
        var batch = batch
        var reader = BatchReader(mostLineBytes: limits.bodyBytes)
        var state = BatchState(json: batch.state) ?? BatchState(terms: BatchOptions(budget: nil))
        // The row count is stored after the last row.
        let isKnown = state.rowCount > 0
        var waiting: [BatchRow] = []
        func add(_ requests: [BatchRequest]) async throws {
            guard reader.requestCount <= limits.batchRows else {
                throw FieldError(
                    "input", "has more than \(limits.batchRows) rows: split it, or raise limits.batch_rows"
                )
            }
            // Faults stay in memory until they are written to the error file.
            guard reader.faults.count <= limits.batchRows else {
                throw FieldError(
                    "input",
                    "has more than \(limits.batchRows) lines that cannot be done; the first: line "
                        + "\(reader.faults[0].line): \(reader.faults[0].message)")
            }
            if isKnown { return }
            waiting += requests.map {
                BatchRow(batchID: batch.id, line: $0.line, customID: $0.customID, request: $0.body)
            }
            if waiting.count >= Self.rowsAtOnce { try await flush() }
        }
        func flush() async throws {
            let rows = waiting
            waiting = []
            try await ledger.write { try $0.addRows(rows) }
        }
        while let piece = try await next() { try await add(reader.feed(piece)) }
        if let last = reader.finish() { try await add([last]) }
        if !waiting.isEmpty { try await flush() }
        if !isKnown, reader.requestCount > 0 {
            state.rowCount = reader.requestCount
            state.keep(reader.faults)
            batch.state = state.json
            batch.updatedAt = .now()
            try await ledger.write { [batch] in try $0.saveBatch(batch) }
        }
        return BatchIntake(batch: batch, faults: reader.faults, rows: reader.requestCount)
    }
}
