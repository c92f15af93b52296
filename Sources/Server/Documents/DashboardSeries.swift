import Domain
import Foundation
import JSON
import Ledger
import Steps

/// A dashboard's sums in spans of its time, by the same groups.
package struct DashboardSeries: Sendable {
    /// The length of a span.
    enum Interval: String, CaseIterable, Sendable {
        case minutes = "5min"
        case hour, day, month

        /// The longest time that is cut into such spans, in days.
        fileprivate var mostDays: Double {
            switch self {
            case .minutes: 0.5
            case .hour: 45
            case .day: 400
            case .month: 4000
            }
        }
    }

    private let interval: Interval
    private let zone: TimeZone
    /// Sums by the start of the span, and by group.
    private var spans: [Timestamp: [[String]: DashboardSums]] = [:]
    private let groupBy: [Ledger.Dimension]

    /// Reads the spans of a query.
    ///
    /// - Parameter zone: days begin at its midnight; hours and months are those of UTC.
    init(
        _ query: DashboardQuery, interval: Interval, zone: TimeZone, from ledger: inout LedgerTransaction
    ) throws {
        self.interval = interval
        self.zone = zone
        groupBy = query.groupBy
        if interval == .minutes {
            try readMinutes(query, from: &ledger)
            return
        }
        let isLocal = interval == .day && zone.secondsFromGMT() != 0
        let dimension: Ledger.Dimension = interval == .hour || isLocal ? .hour : interval == .day ? .day : .month
        var cut = query
        cut.groupBy = [dimension] + query.groupBy.filter { $0 != dimension }
        let names = cut.groupBy
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = zone
        for row in try ledger.dashboard(cut).rows {
            guard var start = Self.start(row.keys[0]) else { continue }
            if isLocal {
                let day = calendar.startOfDay(for: Date(timeIntervalSince1970: start.seconds))
                start = Timestamp(milliseconds: Int64(day.timeIntervalSince1970) * 1000)
            }
            let keys = query.groupBy.map { name in
                row.keys[names.firstIndex(of: name) ?? 0]
            }
            try spans[start, default: [:]][keys, default: DashboardSums()].add(row.sums)
        }
    }

    /// Parses the interval and the time zone of a request; nil where none is asked for.
    static func parameters(
        interval: String?, zone: String?, of query: DashboardQuery
    ) throws(FieldError) -> (Interval, TimeZone)? {
        let utc = TimeZone.gmt
        let zone = try zone.map { (name) throws(FieldError) -> TimeZone in
            guard let zone = TimeZone(identifier: name) else {
                throw FieldError("tz", "'\(name.prefix(60))' is no time zone; write one like Europe/Berlin or UTC")
            }
            return zone
        }
        guard let interval else { return nil }
        guard let interval = Interval(rawValue: interval) else {
            throw FieldError(
                "interval", "must be one of \(Interval.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        let days = (query.to.seconds - query.from.seconds) / 86_400
        guard days <= interval.mostDays + 0.01 else {
            throw FieldError("interval", "\(interval.rawValue) takes a time of at most \(interval.mostDays) days")
        }
        return (interval, zone ?? utc)
    }

    /// Spans of five minutes are read from the entries.
    private mutating func readMinutes(_ query: DashboardQuery, from ledger: inout LedgerTransaction) throws {
        let span: Int64 = 300_000
        var start = query.from.milliseconds / span * span
        while start < query.to.milliseconds {
            var piece = query
            piece.from = max(query.from, Timestamp(milliseconds: start))
            piece.to = min(query.to, Timestamp(milliseconds: start + span))
            for row in try ledger.dashboard(piece).rows where row.sums.calls > 0 {
                spans[Timestamp(milliseconds: start), default: [:]][row.keys] = row.sums
            }
            start += span
        }
    }

    /// The start of `2026-11-21T17`, `2026-11-21` or `2026-11`.
    private static func start(_ key: String) -> Timestamp? {
        switch key.count {
        case 13: Timestamp("\(key):00:00Z")
        case 7: Timestamp("\(key)-01")
        default: Timestamp(key)
        }
    }

    /// Writes `interval`, `tz` and `series` into an open object.
    func write(into object: inout JSONWriter, economics: Economics) {
        object.member("interval", interval.rawValue)
        object.member("tz", zone.identifier)
        object.member(
            "series",
            array: { list in
                for (start, groups) in spans.sorted(by: { $0.key < $1.key }) {
                    list.object { span in
                        span.member("start", start.description)
                        span.member(
                            "rows",
                            array: { rows in
                                let sorted = groups.sorted { $0.key.lexicographicallyPrecedes($1.key) }
                                for (keys, sums) in sorted {
                                    rows.object { row in
                                        for (name, key) in zip(groupBy, keys) { row.member(name.rawValue, key) }
                                        sums.write(into: &row, economics: economics)
                                    }
                                }
                            })
                    }
                }
            })
    }
}
