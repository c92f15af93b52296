package import Domain

extension DashboardSums {
    /// Adds the sums of other entries.
    package mutating func add(_ other: DashboardSums) throws(MoneyError) {
        calls += other.calls
        failures += other.failures
        uncertain += other.uncertain
        usage = usage.adding(other.usage)
        try cost.add(other.cost)
        try predictedCost.add(other.predictedCost)
        baselineCost = try baselineCost.adding(other.baselineCost)
        comparableCost = try comparableCost.adding(other.comparableCost)
        energyMicrojoules += other.energyMicrojoules
        predictedEnergyMicrojoules += other.predictedEnergyMicrojoules
        baselineEnergyMicrojoules += other.baselineEnergyMicrojoules
        predictedLatencyMicroseconds += other.predictedLatencyMicroseconds
        firstTokenMicroseconds += other.firstTokenMicroseconds
        firstTokenCount += other.firstTokenCount
        latency.merge(other.latency)
    }

    /// The share of prompt tokens that were read from a cache; nil without prompt tokens.
    package var cacheHitShare: Double? {
        usage.promptTokens == 0 ? nil : Double(usage[.cachedRead]) / Double(usage.promptTokens)
    }
}

extension CallCost {
    fileprivate mutating func add(_ other: CallCost) throws(MoneyError) {
        api = try api.adding(other.api)
        energy = try energy.adding(other.energy)
        hardware = try hardware.adding(other.hardware)
    }
}
