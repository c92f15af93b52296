import Domain

/// The numbers of an entry as exact integers, checked to be such as a ledger can book.
struct EntryFigures {
    let kind: EntryKind
    let outcome: CallOutcome
    let uncertainty: Int64
    let usage: Usage
    let cost: CallCost
    let predicted: CallCost
    let baseline: CallCost?
    let energyMicrojoules: Int64
    let predictedMicrojoules: Int64
    let baselineMicrojoules: Int64
    let latencyMicroseconds: Int64
    let predictedLatencyMicroseconds: Int64
    let baselineLatencyMicroseconds: Int64
    let firstTokenMicroseconds: Int64?

    /// Throws `invalid` for negative or absurd numbers, which are faults of a caller or an upstream.
    init(_ entry: LedgerEntry) throws(LedgerError) {
        let result = entry.result
        let signed = entry.kind == .correction
        kind = entry.kind
        outcome = result.outcome
        uncertainty = Int64(entry.uncertainty)
        usage = result.usage
        for unit in UsageClass.allCases {
            try Self.check(Int64(usage[unit]), atMost: 1_000_000_000_000, signed: signed, "units of", unit.rawValue)
        }
        cost = try Self.checked(result.figures.cost, signed: signed, "cost")
        energyMicrojoules = try Self.micro(result.figures.energyJoules, signed: signed, "joules")
        latencyMicroseconds = try Self.micro(result.figures.latencySeconds, signed: signed, "seconds")
        firstTokenMicroseconds =
            if let seconds = result.firstTokenSeconds {
                try Self.micro(seconds, signed: signed, "seconds to the first token")
            } else { nil }
        let expected = entry.call.predicted
        predicted = try Self.checked(expected.cost, signed: signed, "predicted cost")
        predictedMicrojoules = try Self.micro(expected.energyJoules, signed: signed, "predicted joules")
        predictedLatencyMicroseconds = try Self.micro(expected.latencySeconds, signed: signed, "predicted seconds")
        let reference = entry.call.baseline?.figures ?? .zero
        let baselineCost = try Self.checked(reference.cost, signed: signed, "baseline cost")
        baseline = entry.call.baseline == nil ? nil : baselineCost
        baselineMicrojoules = try Self.micro(reference.energyJoules, signed: signed, "baseline joules")
        baselineLatencyMicroseconds = try Self.micro(reference.latencySeconds, signed: signed, "baseline seconds")
    }

    /// What the entry takes from budgets.
    var amounts: Amounts {
        Amounts(
            money: cost.total, tokens: Int64(usage.promptTokens + usage.completionTokens),
            microjoules: energyMicrojoules)
    }

    /// Ten million USD a call: far above any bill, and low enough that sums of a day stay within 64 bits.
    private static let mostNanoUSD: Int64 = 10_000_000_000_000_000

    private static func checked(
        _ cost: CallCost, signed: Bool, _ what: String
    ) throws(LedgerError) -> CallCost {
        for part in [cost.api, cost.energy, cost.hardware] {
            try check(part.nanoUSD, atMost: mostNanoUSD, signed: signed, "nano-USD of", what)
        }
        return cost
    }

    private static func micro(_ number: Double, signed: Bool, _ what: String) throws(LedgerError) -> Int64 {
        guard let micro = Amounts.microjoules(number) else { throw .invalid("\(number) \(what)") }
        try check(micro, atMost: 1_000_000_000_000_000, signed: signed, "millionths of", what)
        return micro
    }

    private static func check(
        _ number: Int64, atMost limit: Int64, signed: Bool, _ unit: String, _ what: String
    ) throws(LedgerError) {
        guard number <= limit, number >= (signed ? -limit : 0) else { throw .invalid("\(number) \(unit) \(what)") }
    }
}
