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

    init(hour: Int64, dimensions: [Int64]) {
        self.hour = hour
        self.dimensions = dimensions
    }
}
