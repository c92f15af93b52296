/// One connection at work: the ledger's operations are extensions of this, each inside a savepoint of the writer.
struct LedgerSession {
    let connection: any SQLConnection
    /// The running store, as reservations name it.
    let owner: String
    var names: NameTable
    /// Sums of the operation under way, and of all operations of the transaction before it.
    private var operationSums: [(slot: RollupSlot, sums: EntrySums)] = []
    private(set) var transactionSums: [RollupSlot: EntrySums] = [:]

    private var operationNotices: Set<LedgerNotice> = []
    /// What listeners are told when the transaction is committed.
    private(set) var transactionNotices: Set<LedgerNotice> = []

    init(connection: any SQLConnection, owner: String = "", names: NameTable = NameTable()) {
        self.connection = connection
        self.owner = owner
        self.names = names
    }

    mutating func nameID(_ label: String?) throws(LedgerError) -> SQLValue {
        try names.id(label, on: connection)
    }

    mutating func label(_ value: SQLValue) throws(LedgerError) -> String? {
        try names.label(value, on: connection)
    }

    /// Adds an entry's amounts to a roll-up when the transaction commits.
    mutating func rollUp(_ sums: EntrySums, into slot: RollupSlot) {
        operationSums.append((slot, sums))
    }

    /// Tells everybody who listens, on every node, once the transaction is committed.
    mutating func notify(_ notice: LedgerNotice) { operationNotices.insert(notice) }

    /// The operation under way is to be kept.
    mutating func keepOperation() {
        for (slot, sums) in operationSums {
            if transactionSums[slot]?.add(sums) == nil { transactionSums[slot] = sums }
        }
        operationSums.removeAll(keepingCapacity: true)
        transactionNotices.formUnion(operationNotices)
        operationNotices.removeAll(keepingCapacity: true)
        names.keepOperation()
    }

    /// The operation under way was undone.
    mutating func dropOperation() {
        operationSums.removeAll(keepingCapacity: true)
        operationNotices.removeAll(keepingCapacity: true)
        names.dropOperation()
    }

    /// The transaction was committed or undone.
    mutating func endTransaction(committed: Bool) {
        transactionSums.removeAll(keepingCapacity: true)
        operationSums.removeAll(keepingCapacity: true)
        transactionNotices.removeAll(keepingCapacity: true)
        operationNotices.removeAll(keepingCapacity: true)
        names.endTransaction(committed: committed)
    }
}
