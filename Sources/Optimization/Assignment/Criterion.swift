/// One of the four things a plan trades against each other.
package enum Criterion: String, Sendable, Hashable, CaseIterable {
    case cost, energy, latency, accuracy

    /// The unit its totals are counted in.
    package var unit: String {
        switch self {
        case .cost: "nanoUSD"
        case .energy: "J"
        case .latency: "s"
        case .accuracy: "mean probability"
        }
    }
}
