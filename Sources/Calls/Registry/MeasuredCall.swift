import Domain

/// The energy measurement of one call of a model on this machine.
struct MeasuredCall: Sendable {
    private let energy: EnergyAttribution
    private let number: Int

    /// Begins to measure; nil without a counter, or if the model runs elsewhere.
    init?(of model: Model, by energy: EnergyAttribution?) {
        guard let energy, model.placement == .edge, model.endpoint.isOnThisMachine else { return nil }
        self.energy = energy
        number = energy.begin()
    }

    /// Ends the measurement, once: joules, or nil if the counter could not be read.
    func end() -> Double? { energy.end(number) }
}

extension Endpoint {
    /// Whether the server's address is this machine's own.
    fileprivate var isOnThisMachine: Bool {
        let host = baseURL.split(separator: "/", omittingEmptySubsequences: true).dropFirst().first ?? ""
        return host.hasPrefix("127.") || host.hasPrefix("localhost") || host.hasPrefix("[::1]")
    }
}
