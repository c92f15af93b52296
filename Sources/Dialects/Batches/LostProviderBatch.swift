package import Domain

/// What is known of a batch that may have been sent, but whose answer was lost.
package struct LostProviderBatch: Hashable, Sendable {
    /// ``ProviderBatchSubmission/name``.
    package var name: String
    /// How many rows it has.
    package var rows: Int
    /// A moment before it was first sent, by our clock. Batches without a name that are ten minutes
    /// older are not looked at.
    package var since: Timestamp
    /// Provider's ids of batches that are known to be others.
    package var others: Set<String>
    /// How long to wait before a batch that is not in the provider's list is looked for once more, and only then said to
    /// be absent: a server may still be at work on a request whose caller has gone, and lists may lag.
    package var settling: Duration

    package init(
        name: String, rows: Int, since: Timestamp, others: Set<String> = [], settling: Duration = .seconds(60)
    ) {
        self.name = name
        self.rows = rows
        self.since = since
        self.others = others
        self.settling = settling
    }
}

/// What came of looking for a batch.
package enum ProviderBatchFinding: Hashable, Sendable {
    case found(ProviderBatch)
    /// It is not there: it may be sent (again).
    case absent
    /// One of these (provider's ids) may be it, which only their results will tell. Look again later; sending it now
    /// might pay for it twice.
    case undecided([String])
}
