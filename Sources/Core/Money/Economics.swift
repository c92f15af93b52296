/// What the operator's electricity costs, in money and carbon.
package struct Economics: Hashable, Sendable {
    package var electricityUSDPerKWh: Double
    package var gramsCO2ePerKWh: Double

    /// 0.15 USD and 400 g per kWh: round figures in the range of grid averages, to be replaced by the operator's own.
    package static let standard = Economics(electricityUSDPerKWh: 0.15, gramsCO2ePerKWh: 400)

    package init(electricityUSDPerKWh: Double, gramsCO2ePerKWh: Double) {
        self.electricityUSDPerKWh = electricityUSDPerKWh
        self.gramsCO2ePerKWh = gramsCO2ePerKWh
    }

    /// Money for a number of joules, rounded to the nearest nano-USD (1 kWh = 3.6 MJ).
    package func price(joules: Double) -> Money {
        Money(nanoUSD: Int64((joules / 3.6e6 * electricityUSDPerKWh * 1e9).rounded(.toNearestOrEven)))
    }
}
