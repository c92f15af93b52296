/// The tables of a copied ledger, in order.
enum CopiedTable: String, CaseIterable {
    case name, entry, reservation, budget, total = "budget_total", rollup = "rollup_sum", rolled
    case decision, step, job, event
    case key = "access_key", file, chunk = "file_chunk", batch
    case row = "batch_row", group = "provider_group", observation, calibration
    case session = "session_memory", request = "kept_request"
    case failure = "call_failure", response
    case tagMember = "tag_member", alert = "budget_alert", change = "access_change"

    /// The auto-incremented column, if there is one.
    var serial: String? {
        switch self {
        case .name, .budget: "id"
        case .entry, .observation, .change: "sequence"
        default: nil
        }
    }
}

/// A column with its PostgreSQL type.
struct CopiedColumn: Hashable {
    let name: String
    let type: SQLType
}

extension SQLConnection {
    /// The columns of a table in their order.
    func columns(of table: CopiedTable) throws(LedgerError) -> [CopiedColumn] {
        let query =
            switch dialect {
            case .sqlite: "SELECT name, type FROM pragma_table_info(?) ORDER BY cid"
            case .postgreSQL:
                "SELECT CAST(column_name AS TEXT), CAST(data_type AS TEXT) FROM information_schema.columns "
                    + "WHERE table_schema = current_schema() AND table_name = ? ORDER BY ordinal_position"
            }
        return try rows(query, [.text(table.rawValue)]).map { row in
            let type: SQLType =
                switch row.text(1).uppercased() {
                case "INTEGER", "BIGINT": .bigint
                case "BLOB", "BYTEA": .bytea
                default: .text
                }
            return CopiedColumn(name: row.text(0), type: type)
        }
    }

    /// Passes all rows of a table to a body in pieces, so that large tables need not fit into memory.
    func forEachPiece(
        of table: CopiedTable, columns: [CopiedColumn], size: Int,
        _ body: ([[SQLValue]]) throws(LedgerError) -> Void
    ) throws(LedgerError) {
        let select = "SELECT \(columns.map(\.name).joined(separator: ", ")) FROM \(table.rawValue)"
        switch dialect {
        case .sqlite:
            var piece: [[SQLValue]] = []
            try forEachRow(select, []) { (row) throws(LedgerError) in
                piece.append(row.values)
                if piece.count == size {
                    try body(piece)
                    piece.removeAll(keepingCapacity: true)
                }
            }
            if !piece.isEmpty { try body(piece) }
        case .postgreSQL:
            try execute("DECLARE copied NO SCROLL CURSOR FOR \(select)", [])
            while true {
                let piece = try rows("FETCH \(size) FROM copied", []).map(\.values)
                if piece.isEmpty { break }
                try body(piece)
            }
            try execute("CLOSE copied", [])
        }
    }

    /// Inserts rows with their numbers.
    func insert(_ rows: [[SQLValue]], into table: CopiedTable, columns: [CopiedColumn]) throws(LedgerError) {
        let insertion = SQLInsertion(
            table: table.rawValue, columns: columns.map(\.name), types: columns.map(\.type),
            keepingNumbers: table.serial != nil)
        switch dialect {
        case .sqlite: for row in rows { try execute(insertion.single, row) }
        case .postgreSQL:
            let query = insertion.together(rows)
            try execute(query.sql, query.arguments)
        }
    }

    /// Continues a table's numbers behind the greatest copied one; SQLite does so by itself.
    func continueNumbers(of table: CopiedTable) throws(LedgerError) {
        guard dialect == .postgreSQL, let serial = table.serial else { return }
        _ = try row(
            "SELECT setval(pg_get_serial_sequence('\(table.rawValue)', '\(serial)'), "
                + "COALESCE(MAX(\(serial)), 0) + 1, false) FROM \(table.rawValue)")
    }
}
