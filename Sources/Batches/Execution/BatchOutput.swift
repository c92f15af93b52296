import Calls
import Domain
import JSON
package import Ledger

/// Writes the results of a batch in OpenAI's batch output format. One line a row, in input order.
package struct BatchOutput: Sendable {
    /// Number of rows by result.
    package struct Count: Hashable, Sendable {
        package var completed = 0
        /// Rows with an error of their own.
        package var failed = 0
        /// Lines that could not be rows.
        package var malformed = 0
        package var notDone = 0
        /// Those of them that are at a provider.
        package var atProviders = 0

        package init() {}
    }

    private static let rowsAtOnce = 64
    private static let away = (
        code: "at_provider", message: "the row is in a batch of its model's provider: start again to fetch its answer"
    )
    private let batch: String
    private let faults: [BatchFault]
    private let ending: BatchOutcome

    /// - Parameters:
    ///   - faults: malformed lines, in ascending order.
    ///   - ending: gives the fault of rows without a result.
    package init(batch: String, faults: [BatchFault], ending: BatchOutcome) {
        self.batch = batch
        self.faults = faults
        self.ending = ending
    }

    /// Writes every line with its newline: answers to one writer, errors to the other.
    package func write(
        from ledger: LedgerStore, answers: ([UInt8]) async throws -> Void, errors: ([UInt8]) async throws -> Void
    ) async throws -> Count {
        var count = Count()
        var faults = faults[...]
        var last: Int64 = 0
        while true {
            let rows = try await ledger.read { [last] in
                try $0.rows(ofBatch: batch, after: last, limit: Self.rowsAtOnce)
            }
            for row in rows {
                while let fault = faults.first, fault.line < row.line {
                    try await errors(line(fault))
                    count.malformed += 1
                    faults.removeFirst()
                }
                last = row.line
                switch row.status {
                case .completed:
                    count.completed += 1
                    try await answers(line(row))
                case .failed:
                    count.failed += 1
                    let text = BatchRowText(line: row.line, customID: row.customID, response: row.response ?? [])
                    try await errors(line(BatchFault(of: text)))
                case .pending, .claimed:
                    count.notDone += 1
                    let isAway = row.status == .claimed && row.providerGroup != nil
                    if isAway { count.atProviders += 1 }
                    let fault = isAway ? Self.away : ending.fault ?? BatchOutcome.stopped.fault ?? ("batch_stopped", "")
                    try await errors(
                        line(
                            BatchFault(
                                line: row.line, customID: row.customID, code: fault.code, message: fault.message)))
                }
            }
            if rows.isEmpty { break }
        }
        for fault in faults {
            try await errors(line(fault))
            count.malformed += 1
        }
        return count
    }

    private func line(_ row: BatchRow) -> [UInt8] {
        // A server may format its answer over several lines. Outside of strings a line break is only white space.
        let body = (row.response ?? []).map { $0 == 0x0a || $0 == 0x0d ? 0x20 : $0 }
        var writer = JSONWriter(capacity: body.count + 160)
        writer.object { object in
            object.member("id", id(row.line))
            object.member("custom_id", row.customID)
            object.member(
                "response",
                object: { response in
                    response.member("status_code", 200)
                    response.member("request_id", row.entryID)
                    response.member("body", raw: body)
                })
            object.memberNull("error")
        }
        return writer.bytes + [0x0a]
    }

    private func line(_ fault: BatchFault) -> [UInt8] {
        var writer = JSONWriter(capacity: fault.message.utf8.count + 160)
        writer.object { object in
            object.member("id", id(fault.line))
            object.member("custom_id", fault.customID)
            object.memberNull("response")
            object.member(
                "error",
                object: { error in
                    error.member("code", fault.code)
                    error.member("message", fault.message)
                    error.member("line", fault.line)
                })
        }
        return writer.bytes + [0x0a]
    }

    /// Stable over repeated writes.
    private func id(_ line: Int64) -> String { "batch_req_\(batch.dropFirst("batch_".count))_\(line)" }
}

extension BatchOutput {
    /// Writes into two files of the ledger.
    func write(
        from ledger: LedgerStore, answers: inout FileWriter, errors: inout FileWriter
    ) async throws -> Count {
        try await write(
            from: ledger, answers: { try await answers.write($0) }, errors: { try await errors.write($0) })
    }
}
