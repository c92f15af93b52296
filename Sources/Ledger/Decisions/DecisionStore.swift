extension LedgerStore {
    /// Writes settlements, decisions, steps, job and events of a step in one transaction.
    package func commitStep(_ commit: StepCommit) async throws(LedgerError) -> StepReceipt {
        let receipt = try await write(
            MoneyOperation(commit), read: { if case .receipt(let receipt) = $0 { receipt } else { nil } }
        ) { try $0.commit(commit) }
        rates.end(with: commit)
        metrics.booked(commit, receipt)
        if let answer = commit.answer { requests.end(answer.ticket) }
        return receipt
    }
}
