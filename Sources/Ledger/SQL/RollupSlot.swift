import Core

/// The place of an entry in the roll-ups: its hour and the dimensions that are rolled up, as numbers of names.
struct RollupSlot: Hashable {
    /// Names of the dimensions' columns, in the order of `dimensions`.
    static let columns = [
        "kind", "model", "served_model", "provider", "placement", "stage", "policy", "api_key", "team",
    ]
    static let hourMilliseconds: Int64 = 3_600_000
    static let dayMilliseconds: Int64 = 86_400_000

    /// Milliseconds since 1970 of the hour's start.
    var hour: Int64
    /// 0 stands for "none".
    var dimensions: [Int64]

    /// `kind`, `call` and `served` as encoded for the entry's row.
    init(chargedAt: Timestamp, kind: SQLValue, call: [SQLValue], served: SQLValue) {
        hour = chargedAt.milliseconds.floored(to: Self.hourMilliseconds)
        dimensions = [kind, call[8], served, call[9], call[10], call[11], call[6], call[2], call[1]].map {
            if case .integer(let id) = $0 { id } else { 0 }
        }
    }

    init(hour: Int64, dimensions: [Int64]) {
        self.hour = hour
        self.dimensions = dimensions
    }
}
