package import Domain

extension SQLLedger {
    package func openGroup(
        _ group: ProviderGroup, rows: [GroupRow], of batch: BatchRecord
    ) async throws(LedgerError) -> [BudgetRefusal] {
        try await write { (session) throws(LedgerError) in
            try session.openGroup(group, rows, lease: batch.lease)
        }
    }

    package func saveGroup(_ group: ProviderGroup, of batch: BatchRecord) async throws(LedgerError) {
        try await write { (session) throws(LedgerError) in try session.saveGroup(group, lease: batch.lease) }
    }

    package func closeGroup(
        _ group: ProviderGroup, of batch: BatchRecord, rest: UnfinishedRows, fault: [UInt8]?, at moment: Timestamp
    ) async throws(LedgerError) -> [LedgerEntry] {
        try await write { (session) throws(LedgerError) in
            try session.closeGroup(group, rest: rest, fault: fault, lease: batch.lease, at: moment)
        }
    }

    package func groups(ofBatch id: String) async throws(LedgerError) -> [ProviderGroup] {
        try await read { (session) throws(LedgerError) in try session.groups(ofBatch: id) }
    }

    package func rows(
        ofGroup name: String, after line: Int64, limit: Int
    ) async throws(LedgerError) -> [BatchRow] {
        try await read { (session) throws(LedgerError) in
            try session.rows(
                where: "owner = ? AND status = 'claimed' AND line > ? ORDER BY line LIMIT ?",
                [.text(name), .integer(line), .integer(max(limit, 0))])
        }
    }
}
