import Domain

extension LedgerMigration {
    /// End users and tags of calls. A call's tags are one name, of all of them by lines; `tag_member` has the single ones.
    static let labels: [String] = [
        "ALTER TABLE entry ADD COLUMN end_user {integer}{named}", "ALTER TABLE entry ADD COLUMN tags {integer}{named}",
        "CREATE INDEX entry_end_user ON entry (end_user) WHERE end_user IS NOT NULL",
        "CREATE INDEX entry_tags ON entry (tags) WHERE tags IS NOT NULL",
        "ALTER TABLE reservation ADD COLUMN end_user {integer}", "ALTER TABLE reservation ADD COLUMN tags {integer}",
        "CREATE TABLE tag_member (tag {integer} NOT NULL, tags {integer} NOT NULL, PRIMARY KEY (tag, tags)){keyed}",
        "ALTER TABLE job ADD COLUMN end_user TEXT", "ALTER TABLE job ADD COLUMN tags TEXT",
        "ALTER TABLE batch ADD COLUMN end_user TEXT", "ALTER TABLE batch ADD COLUMN tags TEXT",
        "ALTER TABLE budget ADD COLUMN inherited {integer} NOT NULL DEFAULT 0",
    ]
}

/// The columns of labels in entries and reservations. Calls without labels are written without them.
enum LabelColumns {
    static let names = ["end_user", "tags"]
    static let list = names.joined(separator: ", ")
    /// The condition of an entry with a tag, whose number is the argument.
    static let hasTag = "tags IN (SELECT tags FROM tag_member WHERE tag = ?)"
}

extension SQLInsertion {
    /// The same insertion for rows with labels, whose values come last.
    var labelled: SQLInsertion {
        SQLInsertion(
            table: table, columns: columns + LabelColumns.names, types: types + LabelColumns.names.map { _ in .bigint },
            conflict: conflict, rowTypeName: "hera_\(table)_labelled")
    }
}

extension CallLabels {
    /// All tags as one text, which has a name's number; nil for none. Tags have no line feeds.
    var tagSet: String? { tags.isEmpty ? nil : tags.joined(separator: "\n") }

    /// The tags of a `tagSet`.
    static func tags(in set: String?) -> [String] { set.map { $0.split(separator: "\n").map(String.init) } ?? [] }

    /// Texts that rows refer to by number.
    var texts: [String] { tags + [user, tagSet].compactMap { $0 } }
}

extension LedgerTransaction {
    /// The values of `LabelColumns`. Registers the tags.
    mutating func labelValues(_ labels: CallLabels) throws(LedgerError) -> [SQLValue] {
        let set = try nameID(labels.tagSet)
        for tag in labels.tags {
            try connection.enqueue(
                "INSERT INTO tag_member (tag, tags) VALUES (?, ?) ON CONFLICT (tag, tags) DO NOTHING",
                [try nameID(tag), set])
        }
        return [try nameID(labels.user), set]
    }

    /// Reads `LabelColumns` from a position of a row on.
    mutating func decodeLabels(_ row: SQLRow, at first: Int) throws(LedgerError) -> CallLabels {
        if row.optionalInteger(first) == nil, row.optionalInteger(first + 1) == nil { return CallLabels() }
        return CallLabels(user: try label(row[first]), kept: CallLabels.tags(in: try label(row[first + 1])))
    }

    /// Writes the labels of a job or a batch; nothing for none.
    func saveLabels(_ labels: CallLabels, of work: LeasedWork, _ id: String) throws(LedgerError) {
        if labels.isEmpty { return }
        try connection.execute(
            "UPDATE \(work.table) SET end_user = ?, tags = ? WHERE id = ?",
            [.optional(labels.user), .optional(labels.tagSet), .text(id)])
    }
}
