package import Domain

/// The ledger's contract: money, decisions and jobs, each operation in a transaction of its own.
///
/// When an operation returns, what it did is on disk. When it throws, nothing of it is. Ids are made by the callers and
/// times are theirs too, so that an operation can be repeated after a failure without doing its work twice.
package protocol LedgerStore: QualityStore, RateStore, RequestStore, SessionStore {
    // MARK: Budgets

    /// Sets or changes the budget of a scope, unit and window. What the scope has used so far counts.
    func setBudget(_ budget: Budget, at: Timestamp) async throws(LedgerError)
    /// Takes a budget away; throws `notFound` where there is none.
    func removeBudget(scope: BudgetScope, unit: BudgetUnit, window: BudgetWindow) async throws(LedgerError)
    /// All budgets of some scopes (of every scope for nil), with what is gone of them at a moment.
    func budgets(of scopes: [BudgetScope]?, at: Timestamp) async throws(LedgerError) -> [BudgetStatus]

    // MARK: Money

    /// Checks every budget of every scope of the call and sets the upper bound aside in all of them, or in none.
    ///
    /// Throws `budgetExceeded` for the first hard budget (widest scope first) without room. Repeating a request that
    /// is still open returns the first reservation.
    func reserve(_ request: ReservationRequest) async throws(LedgerError) -> Reservation
    /// Gives back the reservation, appends the entry and moves the totals.
    ///
    /// The true cost is booked in full where it passes the reservation, and the settlement says by how much. The same
    /// entry settles only once (`isRepeat`); another entry for a settled reservation throws `alreadySettled`. Where the
    /// reservation was booked as uncertain meanwhile, since its store was taken for dead, the entry corrects that.
    func settle(_ reservationID: String, _ entry: LedgerEntry) async throws(LedgerError) -> Settlement
    /// Gives back a reservation of a call that was not billed.
    func release(_ reservationID: String) async throws(LedgerError)
    /// Books the truth about an earlier entry: appends the differences in amounts between it (with its corrections)
    /// and `truth`, which is charged at the time of the entry that it corrects. Returns what was appended.
    func correct(_ entryID: String, with truth: LedgerEntry) async throws(LedgerError) -> LedgerEntry
    /// Appends an entry that needed no reservation (a shadow audit on the operator's account).
    func append(_ entry: LedgerEntry) async throws(LedgerError)
    func openReservations() async throws(LedgerError) -> [Reservation]
    /// Settles the reservations of processes that died as `uncertain` entries at their upper bound, since their calls
    /// may have been billed, and makes the rows that they had claimed pending again. Returns these entries. What belongs
    /// to an open group at a provider stays with the group. To be
    /// called at start, and now and then for other nodes.
    func recover(at: Timestamp) async throws(LedgerError) -> [LedgerEntry]
    func entry(_ id: String) async throws(LedgerError) -> LedgerEntry?
    /// The entries of a run, in the order of booking.
    func entries(ofRun runID: String) async throws(LedgerError) -> [LedgerEntry]

    // MARK: Decisions, steps and jobs

    func record(_ decision: DecisionRecord) async throws(LedgerError)
    func decision(_ id: String) async throws(LedgerError) -> DecisionRecord?
    func steps(ofRun runID: String) async throws(LedgerError) -> [StepRecord]
    /// Inserts a job or replaces the one with its id; throws `leaseLost` where another store has claimed it since.
    func saveJob(_ job: JobRecord) async throws(LedgerError)
    func job(_ id: String) async throws(LedgerError) -> JobRecord?
    /// Jobs in some states (in any for an empty list), newest first; of one key only where one is named.
    func jobs(in statuses: [JobStatus], of key: String?, limit: Int) async throws(LedgerError) -> [JobRecord]
    /// Appends an event and returns its sequence number.
    func appendEvent(_ event: NewJobEvent) async throws(LedgerError) -> Int64
    func events(ofJob jobID: String, after sequence: Int64) async throws(LedgerError) -> [JobEvent]
    /// Settlements, decisions, steps, job and events of a step in one transaction.
    func commitStep(_ commit: StepCommit) async throws(LedgerError) -> StepReceipt

    // MARK: Leases

    /// Says that this store is alive, for the seconds of a lease: afterwards others take over what it holds, until it
    /// says so again. To be called about three times in a lease.
    func heartbeat(leaseSeconds: Double) async throws(LedgerError)
    /// Takes queued and running jobs that no living store holds, the oldest first; a store that ended or missed its
    /// heartbeats does not live. The records carry the new lease: saving an earlier one throws `leaseLost`. A job that
    /// pauses or ends is nobody's any more.
    func claimJobs(limit: Int) async throws(LedgerError) -> [JobRecord]
    /// Takes one job in whatever status; nil where a living store holds it, or there is none. `seizing` takes it from a
    /// living store too, whose next write of the job then throws `leaseLost`.
    func claimJob(_ id: String, seizing: Bool) async throws(LedgerError) -> JobRecord?
    /// Gives up a job that was claimed with this record; does nothing where it was taken over meanwhile.
    func returnJob(_ job: JobRecord) async throws(LedgerError)
    /// Takes batches that have not ended and that no living store holds, as `claimJobs` does; only those that came with
    /// a file: the others are run by whoever made them.
    func claimBatches(limit: Int) async throws(LedgerError) -> [BatchRecord]
    /// Takes one batch, as `claimJob` does.
    func claimBatch(_ id: String, seizing: Bool) async throws(LedgerError) -> BatchRecord?
    /// Gives up a batch, as `returnJob` does.
    func returnBatch(_ batch: BatchRecord) async throws(LedgerError)
    /// What is written from now on, by this store and (on PostgreSQL) by every other one, until the store is closed.
    func notices() -> AsyncStream<LedgerNotification>

    // MARK: Keys

    /// Keeps a new key with its budgets, and returns the text that callers show. It cannot be had again.
    func createKey(_ key: AccessKey, budgets: [Budget]) async throws(LedgerError) -> String
    func keys() async throws(LedgerError) -> [AccessKey]
    /// Takes effect with the next call, on every node.
    func revokeKey(_ id: String, at: Timestamp) async throws(LedgerError)
    /// The key of a text; throws `badKey` for one that is unknown, revoked or expired.
    func authenticate(_ text: String, at: Timestamp) async throws(LedgerError) -> AccessKey

    // MARK: Files and batches

    /// Makes an empty file; `byteCount` is counted from the chunks.
    func createFile(_ file: FileRecord) async throws(LedgerError)
    func appendChunk(_ bytes: [UInt8], toFile id: String) async throws(LedgerError)
    /// All chunks are there: the file can be read from now on, until its end.
    func completeFile(_ id: String, expiresAt: Timestamp?) async throws(LedgerError)
    /// A file, complete or not.
    func file(_ id: String) async throws(LedgerError) -> FileRecord?
    /// Files that can be read at a moment.
    func files(_ page: PageQuery, at: Timestamp) async throws(LedgerError) -> [FileRecord]
    /// What a key keeps, files under way included; nil for what belongs to no key.
    func fileTotals(ofKey key: String?) async throws(LedgerError) -> FileTotals
    /// A chunk by its number from 1; nil behind the last.
    func chunk(_ number: Int, ofFile id: String) async throws(LedgerError) -> [UInt8]?
    func deleteFile(_ id: String) async throws(LedgerError)
    /// Deletes some files whose time is over, and some that were begun before a moment and never completed; how many.
    func deleteFiles(expiredAt: Timestamp, begunBefore: Timestamp) async throws(LedgerError) -> Int
    /// Inserts a batch or replaces the one with its id; throws `leaseLost` where another store has claimed it since. One
    /// that is being cancelled stays so until it ends. The files of its results are complete from then on.
    func saveBatch(_ batch: BatchRecord) async throws(LedgerError)
    func batch(_ id: String) async throws(LedgerError) -> BatchRecord?
    /// Newest first, of every kind.
    func batches(limit: Int) async throws(LedgerError) -> [BatchRecord]
    /// Batches that came with a file.
    func batches(_ page: PageQuery) async throws(LedgerError) -> [BatchRecord]
    /// Asks a batch to stop, whoever holds it, where it has not ended; the batch then, nil where there is none.
    func cancelBatch(_ id: String, at: Timestamp) async throws(LedgerError) -> BatchRecord?
    /// Booked on a batch so far.
    func spent(onBatch id: String) async throws(LedgerError) -> Money
    /// Adds rows. Adding the same row again changes nothing; a line or custom id with other content is a `duplicate`.
    func addRows(_ rows: [BatchRow]) async throws(LedgerError)
    /// Takes pending rows for this store, in the order of the lines; no two stores get the same row.
    func claimRows(ofBatch id: String, limit: Int) async throws(LedgerError) -> [BatchRow]
    /// Rows behind a line, in the order of the lines.
    func rows(ofBatch id: String, after line: Int64, limit: Int) async throws(LedgerError) -> [BatchRow]
    /// The rows of some lines, in the order of the lines.
    func rows(ofBatch id: String, lines: [Int64]) async throws(LedgerError) -> [BatchRow]
    func rowCounts(ofBatch id: String) async throws(LedgerError) -> [BatchRowStatus: Int64]
    /// Writes a group of claimed rows that go to a provider, reserves all of them and hands them to the group, or does
    /// nothing of that. The reservations are of one account and moment; `budgetExceeded` asks for their sum. Throws
    /// `leaseLost` where the batch was claimed again. Returns what budgets in `warn` mode say.
    func openGroup(
        _ group: ProviderGroup, rows: [GroupRow], of batch: BatchRecord
    ) async throws(LedgerError) -> [BudgetRefusal]
    /// Writes where an open group stands; throws `leaseLost` where the batch was claimed again.
    func saveGroup(_ group: ProviderGroup, of batch: BatchRecord) async throws(LedgerError)
    /// Ends a group. Its rows that have no end yet are pending again (or failed, with `fault` as their error), and their
    /// reservations are given back or booked as uncertain; these entries are returned. Does nothing to one that is closed.
    func closeGroup(
        _ group: ProviderGroup, of batch: BatchRecord, rest: UnfinishedRows, fault: [UInt8]?, at: Timestamp
    ) async throws(LedgerError) -> [LedgerEntry]
    /// All groups of a batch, the oldest first.
    func groups(ofBatch id: String) async throws(LedgerError) -> [ProviderGroup]
    /// Rows of an open group without an end, behind a line, in the order of the lines.
    func rows(ofGroup name: String, after line: Int64, limit: Int) async throws(LedgerError) -> [BatchRow]
    /// Makes the failed rows of a batch pending again, their errors forgotten.
    func reopenRows(ofBatch id: String) async throws(LedgerError)

    // MARK: Reports

    func dashboard(_ query: DashboardQuery) async throws(LedgerError) -> DashboardReport
    /// Recomputes every total from the entries and the open reservations.
    func verify() async throws(LedgerError) -> VerificationReport
    /// The same, and prices every call anew from what it used, where the price of its date is known.
    func verify(prices: EntryPricing?) async throws(LedgerError) -> VerificationReport

    /// Waits for what is under way and closes the database.
    func close() async
}

extension LedgerStore {
    /// Jobs in some states (in any for an empty list) of whomever, newest first.
    package func jobs(in statuses: [JobStatus], limit: Int) async throws(LedgerError) -> [JobRecord] {
        try await jobs(in: statuses, of: nil, limit: limit)
    }
}
