/// One transaction on a connection. The ledger's operations are its extensions, in the folders of their features.
///
/// `LedgerStore.write` runs each body in a savepoint of the writer's transaction, `LedgerStore.read` on a reader.
package struct LedgerTransaction {
    let connection: any SQLConnection
    /// Names the running store in reservations and leases.
    let owner: String
    var names: StringInterner
    /// Entries built by this transaction, rolled back ones included; a hint for the roll-ups.
    var madeEntries = 0
    private var operationNotices: Set<LedgerNotification> = []
    /// Published when the transaction is committed.
    private(set) var transactionNotices: Set<LedgerNotification> = []
    private var operationSessions: [SessionRecord] = []
    /// Session memory, written once after all operations.
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

    /// Notifies listeners on every node once the transaction is committed.
    mutating func notify(_ notice: LedgerNotification) { operationNotices.insert(notice) }

    /// Saves a run's session memory with the transaction.
    mutating func save(_ record: SessionRecord) { operationSessions.append(record) }

    /// Keeps the operation under way: its savepoint is released.
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

    /// Drops the operation under way: its savepoint was rolled back.
    mutating func dropOperation() {
        operationNotices.removeAll(keepingCapacity: true)
        operationSessions.removeAll(keepingCapacity: true)
        names.dropOperation()
    }

    /// Resets what belongs to the transaction that was committed or rolled back.
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

    /// Checks an id that a caller chose: 1 to 200 bytes without NUL.
    static func check(id: String, _ kind: String) throws(LedgerError) {
        guard (1...200).contains(id.utf8.count), !ExactText.holdsNUL(id) else {
            throw .invalid("the id of a \(kind) has to be of 1 to 200 bytes without NUL, not '\(id.prefix(40))'")
        }
    }
}

extension LedgerTransaction {
    /// Counts the database's migrations; asked in each writing transaction.
    var versionQuery: SQLQuery {
        switch connection.dialect {
        case .sqlite: Self.versionInSQLite
        case .postgreSQL: Self.versionInPostgreSQL
        }
    }

    private static let versionInSQLite = SQLQuery("SELECT COUNT(*) FROM \(SQLDialect.sqlite.migrationTable)", [])
    private static let versionInPostgreSQL = SQLQuery(
        "SELECT COUNT(*) FROM \(SQLDialect.postgreSQL.migrationTable)", [])

    /// Throws `newerVersion` if a later version of the program has migrated the tables since this store opened them,
    /// since this version's rows might lack columns.
    ///
    /// - Parameter answer: the result of `versionQuery`.
    func checkVersion(_ answer: SQLResult) throws(LedgerError) {
        guard let count = answer.rows.first?.integer(0), count > LedgerMigration.all.count else { return }
        let applied = try connection.rows("SELECT * FROM \(connection.dialect.migrationTable)", []).map { $0.text(0) }
        let unknown = Set(applied).subtracting(LedgerMigration.all.map(\.name))
        throw .newerVersion(database: "the database", migrations: unknown.sorted())
    }

    /// Queries the version and checks it.
    func checkVersion() throws(LedgerError) { try checkVersion(try connection.results([versionQuery])[0]) }
}

extension SQLDialect {
    /// Holds the names of applied migrations in its only column.
    fileprivate var migrationTable: String {
        switch self {
        case .sqlite: "grdb_migrations"
        case .postgreSQL: "hera_migration"
        }
    }
}
