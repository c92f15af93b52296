#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Interns texts that many rows share (models, keys, runs, ...): the table `name` has each once, rows have its number.
///
/// A cache of one connection: its texts are committed or belong to the transaction under way.
struct StringInterner {
    private var ids: [ExactText: Int64] = [:]
    private var labels: [Int64: String] = [:]
    /// Names inserted by the transaction under way, and their number before the operation under way.
    private var fresh: [String] = []
    private var kept = 0

    /// Runs and sessions are unbounded, so the cache is emptied at this size.
    private static let mostNames = 20_000

    /// The number of a text, inserted where it is new; null for nil.
    mutating func id(_ label: String?, on connection: any SQLConnection) throws(LedgerError) -> SQLValue {
        guard let label else { return .null }
        if let id = ids[ExactText(label)] { return .integer(id) }
        try Self.check(label)
        if let id = try existingID(label, on: connection) { return .integer(id) }
        let inserted = try connection.row(
            "INSERT INTO name (label) VALUES (?) ON CONFLICT (label) DO NOTHING RETURNING id", [.text(label)])
        if let inserted {
            remember(label, inserted.integer(0))
            fresh.append(label)
        } else if try existingID(label, on: connection) == nil {
            // Another node has inserted it in between.
            throw .database("the name '\(label)' was neither inserted nor found")
        }
        return ids[ExactText(label)].map { .integer($0) } ?? .null
    }

    /// Adds a text to those that are not cached, if it is none of them; throws `invalid` for one with a NUL.
    func collect(_ label: String?, into missing: inout Set<String>) throws(LedgerError) {
        guard let label, ids[ExactText(label)] == nil else { return }
        try Self.check(label)
        missing.insert(label)
    }

    /// Databases end texts at a NUL, which would make two texts equal.
    private static func check(_ label: String) throws(LedgerError) {
        guard !ExactText.holdsNUL(label) else {
            throw .invalid("a NUL in the name of a model, run, key, team, session, job or batch")
        }
    }

    /// Queries that insert the new ones of some texts and then select the numbers of all; none for no texts.
    static func queries(for labels: Set<String>, in dialect: SQLDialect) -> [SQLQuery] {
        if labels.isEmpty { return [] }
        let list = SQLList(texts: labels, in: dialect)
        return [
            SQLQuery(
                "INSERT INTO name (label) SELECT value FROM \(list.table(in: dialect)) WHERE true "
                    + "ON CONFLICT (label) DO NOTHING RETURNING id, label", [list.argument]),
            SQLQuery("SELECT id, label FROM name WHERE label \(list.isAny(in: dialect))", [list.argument]),
        ]
    }

    /// Caches the results of `queries`.
    ///
    /// - Parameter keeping: whether the new texts stay if the operation under way is rolled back.
    mutating func learn(_ results: ArraySlice<SQLResult>, keeping: Bool) {
        guard let made = results.first, let all = results.last else { return }
        for row in all.rows { remember(row.text(1), row.integer(0)) }
        fresh += made.rows.map { $0.text(1) }
        if keeping { kept = fresh.count }
    }

    /// The number of a text, nil if it is unknown; for queries, which must not write.
    mutating func existingID(_ label: String, on connection: any SQLConnection) throws(LedgerError) -> Int64? {
        if let id = ids[ExactText(label)] { return id }
        guard let row = try connection.row("SELECT id FROM name WHERE label = ?", [.text(label)]) else { return nil }
        remember(label, row.integer(0))
        return row.integer(0)
    }

    /// The text of a number; nil for null.
    mutating func label(_ value: SQLValue, on connection: any SQLConnection) throws(LedgerError) -> String? {
        guard case .integer(let id) = value else { return nil }
        if let label = labels[id] { return label }
        guard let row = try connection.row("SELECT label FROM name WHERE id = ?", [.integer(id)]) else {
            throw .database("no name has the number \(id); run `hera ledger verify`")
        }
        remember(row.text(0), id)
        return row.text(0)
    }

    /// Keeps the names of the operation under way with its transaction.
    mutating func keepOperation() { kept = fresh.count }

    /// Drops the names of the operation under way, which was rolled back.
    mutating func dropOperation() { forget(downTo: kept) }

    /// Resets what belongs to the transaction that was committed or rolled back.
    mutating func endTransaction(committed: Bool) {
        if !committed { forget(downTo: 0) }
        fresh.removeAll(keepingCapacity: true)
        kept = 0
    }

    private mutating func forget(downTo count: Int) {
        while fresh.count > count {
            if let id = ids.removeValue(forKey: ExactText(fresh.removeLast())) { labels[id] = nil }
        }
    }

    private mutating func remember(_ label: String, _ id: Int64) {
        if ids.count >= Self.mostNames {
            ids.removeAll(keepingCapacity: true)
            labels.removeAll(keepingCapacity: true)
        }
        ids[ExactText(label)] = id
        labels[id] = label
    }
}

/// A text compared by its bytes, as databases do.
///
/// Swift's strings are equal by canonical equivalence: two spellings of one name would be one in memory and two in the
/// database.
struct ExactText: Hashable {
    let text: String

    init(_ text: String) { self.text = text }

    static func == (left: ExactText, right: ExactText) -> Bool { areSame(left.text, right.text) }

    /// Equivalent texts share a hash, which is correct, and fast for ASCII.
    func hash(into hasher: inout Hasher) { hasher.combine(text) }

    static func areSame(_ left: String, _ right: String) -> Bool {
        guard left.utf8.count == right.utf8.count else { return false }
        // Bytes are compared in place; `elementsEqual` of two views takes ten times as long.
        let inPlace = left.utf8.withContiguousStorageIfAvailable { ours in
            right.utf8.withContiguousStorageIfAvailable { theirs -> Bool in
                guard let ours = ours.baseAddress, let theirs = theirs.baseAddress else { return true }
                return memcmp(ours, theirs, left.utf8.count) == 0
            }
        }
        if let same = inPlace ?? nil { return same }
        return left.utf8.elementsEqual(right.utf8)
    }

    /// Whether a text has a NUL, at which databases end it.
    static func holdsNUL(_ text: String) -> Bool {
        text.utf8.withContiguousStorageIfAvailable { bytes in
            bytes.baseAddress.map { memchr($0, 0, bytes.count) != nil } ?? false
        } ?? text.utf8.contains(0)
    }

    static func areSame(_ left: String?, _ right: String?) -> Bool {
        guard let left, let right else { return left == nil && right == nil }
        return areSame(left, right)
    }
}
