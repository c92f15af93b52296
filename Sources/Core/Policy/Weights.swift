/// How much each criterion counts in the assignment; each is scaled to [0, 1] over the candidates first.
package struct Weights: Hashable, Sendable {
    package var cost: Double
    package var energy: Double
    package var latency: Double
    package var accuracy: Double

    /// Money first: kappa guards the accuracy of each step already, so here it only weighs models that cost alike, and
    /// time breaks ties. Electricity is in the money; energy counts once more only where a policy says so.
    package static let standard = Weights(cost: 1, energy: 0, latency: 0.1, accuracy: 0.5)

    package init(cost: Double, energy: Double, latency: Double, accuracy: Double) {
        self.cost = cost
        self.energy = energy
        self.latency = latency
        self.accuracy = accuracy
    }
}
