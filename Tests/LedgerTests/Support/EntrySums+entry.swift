import Domain

@testable import Ledger

/// What SQL sums, of one entry and without SQL.
extension EntrySums {
    /// The columns of one entry.
    init(_ figures: EntryFigures) {
        self.init()
        values = SumColumn.allCases.map(figures.value)
        if figures.kind == .call || figures.kind == .shadow {
            latency.record(microseconds: figures.latencyMicroseconds)
        }
    }
}

extension EntryFigures {
    /// What the entry adds to a column.
    func value(of column: SumColumn) -> Int64 {
        switch column {
        case .calls: kind == .correction ? 0 : 1
        case .failures: kind != .correction && outcome != .completed ? 1 : 0
        case .uncertain: uncertainty
        case .input: Int64(usage.input)
        case .cachedRead: Int64(usage.cachedRead)
        case .cacheWrite5m: Int64(usage.cacheWrite5m)
        case .cacheWrite1h: Int64(usage.cacheWrite1h)
        case .output: Int64(usage.output)
        case .reasoning: Int64(usage.reasoning)
        case .audioInput: Int64(usage.audioInput)
        case .audioOutput: Int64(usage.audioOutput)
        case .requests: Int64(usage.requests)
        case .api: cost.api.nanoUSD
        case .energyCost: cost.energy.nanoUSD
        case .hardware: cost.hardware.nanoUSD
        case .predictedAPI: predicted.api.nanoUSD
        case .predictedEnergyCost: predicted.energy.nanoUSD
        case .predictedHardware: predicted.hardware.nanoUSD
        case .baselineCost: baseline?.total.nanoUSD ?? 0
        case .comparableCost: baseline == nil ? 0 : cost.total.nanoUSD
        case .energy: energyMicrojoules
        case .predictedEnergy: predictedMicrojoules
        case .baselineEnergy: baselineMicrojoules
        case .predictedLatency: predictedLatencyMicroseconds
        case .firstToken: firstTokenMicroseconds ?? 0
        case .firstTokenCount: firstTokenMicroseconds == nil ? 0 : 1
        case .latency: latencyMicroseconds
        }
    }
}
