/// A column summed over entries; the roll-ups have one of the same name.
enum SumColumn: String, CaseIterable {
    case calls, failures, uncertain
    case input, cachedRead = "cached_read", cacheWrite5m = "cache_write_5m", cacheWrite1h = "cache_write_1h"
    case output, reasoning, audioInput = "audio_input", audioOutput = "audio_output", requests
    case api, energyCost = "energy_cost", hardware
    case predictedAPI = "predicted_api", predictedEnergyCost = "predicted_energy_cost"
    case predictedHardware = "predicted_hardware"
    case baselineCost = "baseline_cost", comparableCost = "comparable_cost"
    case energy = "energy_uj", predictedEnergy = "predicted_energy_uj", baselineEnergy = "baseline_energy_uj"
    case predictedLatency = "predicted_latency_us"
    case firstToken = "first_token_us", firstTokenCount = "first_token_count"
    case latency = "latency_us"

    /// The column over the table `entry`.
    var expression: String {
        switch self {
        case .calls: "CASE WHEN kind = \(Self.correction) THEN 0 ELSE 1 END"
        case .failures:
            "CASE WHEN kind <> \(Self.correction) AND outcome <> \(Self.completed) THEN 1 ELSE 0 END"
        case .baselineCost: "COALESCE(baseline_api + baseline_energy_cost + baseline_hardware, 0)"
        case .comparableCost:
            "CASE WHEN baseline_model IS NULL THEN 0 ELSE api + energy_cost + hardware END"
        case .baselineEnergy: "COALESCE(baseline_energy_uj, 0)"
        case .firstToken: "COALESCE(first_token_us, 0)"
        case .firstTokenCount: "CASE WHEN first_token_us IS NULL THEN 0 ELSE 1 END"
        case .latency: "CASE WHEN tier = \(Self.batchTier) THEN 0 ELSE latency_us END"
        default: rawValue
        }
    }

    /// Without a correction or completed call there is no such name: -1 is no name's number.
    private static let correction = "COALESCE((SELECT id FROM name WHERE label = 'correction'), -1)"
    private static let completed = "COALESCE((SELECT id FROM name WHERE label = 'completed'), -1)"

    private static let batchTier = "COALESCE((SELECT id FROM name WHERE label = 'batch'), -1)"

    /// Only finished calls that a client waited for count: rows of a provider's batch take up to a day.
    static let hasLatency =
        "kind IN (SELECT id FROM name WHERE label IN ('call', 'shadow')) AND tier <> \(batchTier)"
}

/// The sums of some entries: one number for each `SumColumn`, and the latencies.
struct EntrySums: Equatable {
    var values: [Int64]
    var latency: LatencyHistogram

    init() {
        values = Array(repeating: 0, count: SumColumn.allCases.count)
        latency = LatencyHistogram()
    }

    mutating func add(_ other: EntrySums) {
        for index in values.indices { values[index] &+= other.values[index] }
        latency.merge(other.latency)
    }

    /// Adds failed attempts that have no entry.
    mutating func addFailures(_ count: Int64) {
        if let index = Self.position[.failures] { values[index] &+= count }
    }

    subscript(column: SumColumn) -> Int64 { values[Self.position[column] ?? 0] }

    /// The amount that counts against a budget of a unit.
    func spent(in unit: BudgetUnit) -> Int64 {
        let columns: [SumColumn] =
            switch unit {
            case .usd: [.api, .energyCost, .hardware]
            case .tokens:
                [.input, .cachedRead, .cacheWrite5m, .cacheWrite1h, .audioInput, .output, .reasoning, .audioOutput]
            case .joules: [.energy]
            }
        return columns.reduce(0) { $0 &+ self[$1] }
    }

    private static let position = Dictionary(
        uniqueKeysWithValues: SumColumn.allCases.enumerated().map { ($1, $0) })
}

/// An entry's slot in the roll-ups: its hour, and the rolled-up dimensions as numbers of names.
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
