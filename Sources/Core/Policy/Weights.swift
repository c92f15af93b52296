/// How much each criterion counts in the assignment; each is scaled to [0, 1] over the candidates first.
package struct Weights: Hashable, Sendable {
    package var cost: Double
    package var energy: Double
    package var latency: Double
    package var accuracy: Double

    /// Money first, accuracy nearly as much; energy and time break ties.
    package static let standard = Weights(cost: 1, energy: 0.1, latency: 0.1, accuracy: 1)

    package init(cost: Double, energy: Double, latency: Double, accuracy: Double) {
        self.cost = cost
        self.energy = energy
        self.latency = latency
        self.accuracy = accuracy
    }
}
