/// Everything that one call costs.
package struct CallCost: Hashable, Sendable {
    /// What the provider bills.
    package var api: Money
    /// Electricity on the operator's hardware.
    package var energy: Money
    /// What the operator's own plant costs beside electricity: a share of the hardware's price for the busy time, and
    /// data transfer.
    package var hardware: Money

    package static let zero = CallCost(api: .zero, energy: .zero, hardware: .zero)

    package init(api: Money, energy: Money, hardware: Money) {
        self.api = api
        self.energy = energy
        self.hardware = hardware
    }

    /// The sum, at the end of the range where it would leave it.
    package var total: Money {
        [api, energy, hardware].reduce(.zero) { (try? $0.adding($1)) ?? Money(nanoUSD: .max) }
    }
}
