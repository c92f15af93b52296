package import Domain
package import JSON
package import Ledger

extension DashboardQuery {
    /// Reads a query as it is written in URLs and on the command line.
    ///
    /// - Parameters:
    ///   - from: a day, a moment or seconds since 1970; nil for the last 30 days.
    ///   - to: the same, exclusive; nil for now.
    ///   - groupBy: dimensions, separated by commas; nil for `model`.
    package init(from: String?, to: String?, groupBy: String?, now: Timestamp) throws(FieldError) {
        let end = try Self.moment(to, field: "to") ?? now.advanced(bySeconds: 1)
        let start = try Self.moment(from, field: "from") ?? end.advanced(bySeconds: -30 * 86_400)
        guard start < end else { throw FieldError("from", "must be before `to`") }
        var dimensions: [Dimension] = []
        for name in (groupBy ?? "model").split(separator: ",") {
            guard let dimension = Dimension(rawValue: String(name)) else {
                let known = Dimension.allCases.map(\.rawValue)
                let hint =
                    Spelling.closest(to: String(name), among: known).map { "did you mean '\($0)'?" }
                    ?? "use one of \(known.joined(separator: ", "))"
                throw FieldError("group_by", "'\(name)' is not known; \(hint)")
            }
            if !dimensions.contains(dimension) { dimensions.append(dimension) }
        }
        self.init(from: start, to: end, groupBy: dimensions)
    }

    private static func moment(_ text: String?, field: String) throws(FieldError) -> Timestamp? {
        guard let text else { return nil }
        guard let moment = Timestamp(text) else {
            throw FieldError(
                field, "'\(text)' is no moment: write 2026-11-21, 2026-11-21T17:00:00Z or seconds since 1970")
        }
        return moment
    }
}
