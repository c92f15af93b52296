/// What one model would cost for one step, as predicted.
///
/// All four are finite and at least 0. `cost` is in nano-USD (a whole number up to 2^53 where it comes from prices),
/// `energy` in joules, `latency` in seconds, `accuracy` the predicted probability, 0...1, that the answer is acceptable.
package struct AssignmentOption: Sendable, Hashable {
    package var cost: Double
    package var energy: Double
    package var latency: Double
    package var accuracy: Double

    package init(cost: Double, energy: Double, latency: Double, accuracy: Double) {
        self.cost = cost
        self.energy = energy
        self.latency = latency
        self.accuracy = accuracy
    }
}

/// What moving to a model costs on top of its option, when the step before ran on another model: the prompt cache is
/// lost, so the prefix is billed at the uncached price and prefilled again. Nano-USD, joules, seconds.
package struct AssignmentSwitch: Sendable, Hashable {
    package var cost: Double
    package var energy: Double
    package var latency: Double

    package init(cost: Double, energy: Double, latency: Double) {
        self.cost = cost
        self.energy = energy
        self.latency = latency
    }

    /// Moving costs nothing.
    package static let free = AssignmentSwitch(cost: 0, energy: 0, latency: 0)
}
