import Domain

/// A part of a dashboard's time that is read from one table.
enum DashboardPiece: Hashable {
    /// Whole days or hours from the roll-ups; the span is one of `RollupSlot`'s.
    case rollup(span: Int64, from: Int64, to: Int64)
    /// Entries of the same time that are not in the roll-ups yet: those after a number.
    case unrolled(after: Int64, from: Int64, to: Int64)
    /// The entries themselves.
    case entries(from: Int64, to: Int64)

    /// Splits a query's time into pieces: whole days where the dimensions allow it, whole hours before and after,
    /// entries not rolled up yet, and the entries of a part of an hour at either end.
    ///
    /// - Parameter rolled: the number of the last entry in the roll-ups.
    static func cover(_ query: DashboardQuery, rolled: Int64) -> [DashboardPiece] {
        let (from, to) = (query.from.milliseconds, query.to.milliseconds)
        guard from < to else { return [] }
        let dimensions = query.groupBy + query.filters.keys
        guard dimensions.allSatisfy(\.isRolledUp) else { return [.entries(from: from, to: to)] }
        let hour = RollupSlot.hourMilliseconds
        let (firstHour, lastHour) = ((from + hour - 1).floored(to: hour), to.floored(to: hour))
        guard firstHour < lastHour else { return [.entries(from: from, to: to)] }
        var pieces: [DashboardPiece] = [.entries(from: from, to: firstHour), .entries(from: lastHour, to: to)]
        pieces.append(.unrolled(after: rolled, from: firstHour, to: lastHour))
        let day = RollupSlot.dayMilliseconds
        let (firstDay, lastDay) = ((firstHour + day - 1).floored(to: day), lastHour.floored(to: day))
        if firstDay < lastDay, !dimensions.contains(.hour) {
            pieces += [
                .rollup(span: hour, from: firstHour, to: firstDay), .rollup(span: day, from: firstDay, to: lastDay),
                .rollup(span: hour, from: lastDay, to: lastHour),
            ]
        } else {
            pieces.append(.rollup(span: hour, from: firstHour, to: lastHour))
        }
        return pieces.filter { $0.bounds.from < $0.bounds.to }
    }

    private var bounds: (from: Int64, to: Int64) {
        switch self {
        case .rollup(_, let from, let to), .unrolled(_, let from, let to), .entries(let from, let to): (from, to)
        }
    }

    var table: String {
        switch self {
        case .rollup: "rollup_sum"
        case .unrolled, .entries: "entry"
        }
    }

    private var time: String {
        switch self {
        case .rollup: "start"
        case .unrolled, .entries: "charged_at"
        }
    }

    /// The condition on time, with its arguments.
    var range: (String, [SQLValue]) {
        switch self {
        case .rollup(let span, let from, let to):
            ("span = ? AND start >= ? AND start < ?", [.integer(span), .integer(from), .integer(to)])
        case .unrolled(let after, let from, let to):
            // The plus makes SQLite find the few entries by number instead of time.
            (
                "sequence > ? AND +charged_at >= ? AND +charged_at < ?",
                [.integer(after), .integer(from), .integer(to)]
            )
        case .entries(let from, let to):
            ("charged_at >= ? AND charged_at < ?", [.integer(from), .integer(to)])
        }
    }

    /// The SQL of a dimension as a number: of a name (0 for none), or of an hour or day since 1970.
    func expression(of dimension: Dimension) -> String {
        switch dimension {
        case .hour: "\(time) / \(RollupSlot.hourMilliseconds)"
        case .day, .month: "\(time) / \(RollupSlot.dayMilliseconds)"
        default: "COALESCE(\(dimension.column ?? "kind"), 0)"
        }
    }

    func expression(of column: SumColumn) -> String {
        switch self {
        case .rollup: column.rawValue
        case .unrolled, .entries: column.expression
        }
    }

    /// A histogram in the roll-ups, microseconds in the entries.
    var latency: String {
        switch self {
        case .rollup: "latency"
        case .unrolled, .entries: "latency_us"
        }
    }

    var latencyCondition: String {
        switch self {
        case .rollup: ""
        case .unrolled, .entries: " AND \(SumColumn.hasLatency)"
        }
    }
}

extension Dimension {
    /// The column with the number of the name; nil for times.
    var column: String? {
        switch self {
        case .hour, .day, .month: nil
        case .key: "api_key"
        case .user: "end_user"
        case .tag: "tags"
        default: rawValue
        }
    }
}
