/// The cost of one call by part.
package struct CallCost: Hashable, Sendable {
    /// The provider's bill.
    package var api: Money
    /// Electricity on the operator's hardware.
    package var energy: Money
    /// The operator's other costs: amortisation of the hardware for the busy time, and data transfer.
    package var hardware: Money

    package static let zero = CallCost(api: .zero, energy: .zero, hardware: .zero)

    package init(api: Money, energy: Money, hardware: Money) {
        self.api = api
        self.energy = energy
        self.hardware = hardware
    }

    /// The cost of several such calls, saturated at the end of the range.
    package func times(_ count: Int) -> CallCost {
        CallCost(api: api.times(count), energy: energy.times(count), hardware: hardware.times(count))
    }

    /// The share of one of several such calls.
    package func divided(by count: Int) -> CallCost {
        CallCost(
            api: api.divided(by: count), energy: energy.divided(by: count), hardware: hardware.divided(by: count))
    }

    /// The sum, saturated at the end of the range.
    package var total: Money {
        let (some, isOver) = api.nanoUSD.addingReportingOverflow(energy.nanoUSD)
        let (all, isAllOver) = some.addingReportingOverflow(hardware.nanoUSD)
        return Money(nanoUSD: isOver || isAllOver ? .max : all)
    }
}

/// The operator's own costs apart from model prices: electricity, in money and carbon, and data transfer.
package struct Economics: Hashable, Sendable {
    package var electricityUSDPerKWh: Double
    package var gramsCO2ePerKWh: Double
    /// Price of a gigabyte (10^9 bytes) to or from a provider; 0 for free traffic.
    package var transferUSDPerGB: Double

    /// 0.15 USD and 400 g per kWh: round figures near grid averages, meant to be replaced by the operator's own.
    package static let standard = Economics(electricityUSDPerKWh: 0.15, gramsCO2ePerKWh: 400)

    package init(electricityUSDPerKWh: Double, gramsCO2ePerKWh: Double, transferUSDPerGB: Double = 0) {
        self.electricityUSDPerKWh = electricityUSDPerKWh
        self.gramsCO2ePerKWh = gramsCO2ePerKWh
        self.transferUSDPerGB = transferUSDPerGB
    }

    /// joules / 3.6e6 x USD per kWh, in nano-USD, not rounded (1 kWh = 3.6 MJ).
    package func nanoUSD(joules: Double) -> Double { joules / 3.6e6 * electricityUSDPerKWh * 1e9 }

    /// joules / 3.6e6 x gCO2e per kWh, in grams of CO2e.
    package func gramsCO2e(joules: Double) -> Double { joules / 3.6e6 * gramsCO2ePerKWh }

    /// bytes / 10^9 x USD per GB, in nano-USD, not rounded.
    package func nanoUSD(bytes: Double) -> Double { bytes * transferUSDPerGB }

    /// The cost of an energy in joules, rounded to the nearest nano-USD (1 kWh = 3.6 MJ).
    package func price(joules: Double) -> Money {
        Money(nearestNanoUSD: nanoUSD(joules: joules))
    }
}
