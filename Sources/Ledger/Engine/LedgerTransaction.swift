/// One transaction on a connection. The ledger's operations are its extensions, in the folders of their features.
///
/// `LedgerStore.write` runs each body in a savepoint of the writer's transaction, `LedgerStore.read` on a reader.
package struct LedgerTransaction {
    let connection: any SQLConnection
    /// The running store, as reservations name it.
    let owner: String
    var names: StringInterner
    /// How many entries were made, be they kept or not.
    var madeEntries = 0
    private var operationNotices: Set<LedgerNotification> = []
    /// What listeners are told when the transaction is committed.
    private(set) var transactionNotices: Set<LedgerNotification> = []
    private var operationSessions: [SessionRecord] = []
    /// What is remembered of runs, to be written behind all operations at once.
    private(set) var transactionSessions: [String: SessionRecord] = [:]

    init(connection: any SQLConnection, owner: String = "", names: StringInterner = StringInterner()) {
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

    /// Tells everybody who listens, on every node, once the transaction is committed.
    mutating func notify(_ notice: LedgerNotification) { operationNotices.insert(notice) }

    /// Keeps what is remembered of a run with the transaction.
    mutating func save(_ record: SessionRecord) { operationSessions.append(record) }

    /// The operation under way is to be kept.
    mutating func keepOperation() {
        transactionNotices.formUnion(operationNotices)
        operationNotices.removeAll(keepingCapacity: true)
        for record in operationSessions
        where transactionSessions[record.id].map({ $0.version <= record.version }) ?? true {
            transactionSessions[record.id] = record
        }
        operationSessions.removeAll(keepingCapacity: true)
        names.keepOperation()
    }

    /// The operation under way was undone.
    mutating func dropOperation() {
        operationNotices.removeAll(keepingCapacity: true)
        operationSessions.removeAll(keepingCapacity: true)
        names.dropOperation()
    }

    /// The transaction was committed or undone.
    mutating func endTransaction(committed: Bool) {
        transactionNotices.removeAll(keepingCapacity: true)
        operationNotices.removeAll(keepingCapacity: true)
        transactionSessions.removeAll(keepingCapacity: true)
        operationSessions.removeAll(keepingCapacity: true)
        names.endTransaction(committed: committed)
    }
}

extension LedgerTransaction {
    /// `?, ?, ?`
    static func placeholders(_ count: Int) -> String {
        Array(repeating: "?", count: count).joined(separator: ", ")
    }

    /// Ids are the callers' own, within reason.
    static func check(id: String, _ kind: String) throws(LedgerError) {
        guard (1...200).contains(id.utf8.count), !id.utf8.contains(0) else {
            throw .invalid("the id of a \(kind) has to be of 1 to 200 bytes without NUL, not '\(id.prefix(40))'")
        }
    }
}

extension LedgerTransaction {
    /// How many migrations the database has; to be asked within each turn.
    var versionQuery: SQLQuery { SQLQuery("SELECT COUNT(*) FROM \(connection.dialect.migrationTable)", []) }

    /// Throws `newerVersion` where a later version of the program has brought the tables up to date since this store
    /// opened them: what it would write there might count too little.
    ///
    /// - Parameter answer: that to `versionQuery`.
    func checkVersion(_ answer: SQLResult) throws(LedgerError) {
        guard let count = answer.rows.first?.integer(0), count > LedgerMigration.all.count else { return }
        let applied = try connection.rows("SELECT * FROM \(connection.dialect.migrationTable)", []).map { $0.text(0) }
        let unknown = Set(applied).subtracting(LedgerMigration.all.map(\.name))
        throw .newerVersion(database: "the database", migrations: unknown.sorted())
    }

    /// Asks by itself.
    func checkVersion() throws(LedgerError) { try checkVersion(try connection.results([versionQuery])[0]) }
}

extension SQLDialect {
    /// Keeps the names of the migrations that were made, in its only column.
    fileprivate var migrationTable: String {
        switch self {
        case .sqlite: "grdb_migrations"
        case .postgreSQL: "hera_migration"
        }
    }
}
