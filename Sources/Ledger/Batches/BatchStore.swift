extension LedgerStore {
    /// Claims batches that have not ended and that no living store holds, as `claimJobs` does.
    ///
    /// Batches without an input file are left to the command that made them.
    package func claimBatches(limit: Int) async throws(LedgerError) -> [BatchRecord] {
        try await writeKnowingNodes { transaction, isAlive in
            var batches: [BatchRecord] = []
            for id in try transaction.takeLeases(of: .batch, limit: limit, isAlive: isAlive) {
                batches += try transaction.batches(where: "id = ?", [.text(id)])
            }
            return batches
        }
    }

    /// Claims one batch, as `claimJob` does.
    package func claimBatch(_ id: String, seizing: Bool) async throws(LedgerError) -> BatchRecord? {
        try await writeKnowingNodes { transaction, isAlive in
            guard try transaction.takeLease(of: .batch, id: id, seizing: seizing, isAlive: isAlive) else { return nil }
            return try transaction.batch(id)
        }
    }
}
