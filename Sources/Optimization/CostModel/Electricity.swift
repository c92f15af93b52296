/// What joules cost, in money and in carbon (1 kWh = 3.6 MJ).
package struct Electricity: Sendable, Hashable {
    package var usdPerKWh: Double
    package var gramsCO2ePerKWh: Double

    package init(usdPerKWh: Double, gramsCO2ePerKWh: Double) {
        self.usdPerKWh = usdPerKWh
        self.gramsCO2ePerKWh = gramsCO2ePerKWh
    }

    /// joules / 3.6e6 x USD per kWh, in nano-USD.
    package func nanoUSD(joules: Double) -> Double { joules / 3.6e6 * usdPerKWh * 1e9 }

    /// joules / 3.6e6 x gCO2e per kWh, in grams.
    package func gramsCO2e(joules: Double) -> Double { joules / 3.6e6 * gramsCO2ePerKWh }
}
