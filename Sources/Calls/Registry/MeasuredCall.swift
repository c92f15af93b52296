import Domain

/// The measurement of one call's energy, where the model runs on this machine and the machine can measure.
struct MeasuredCall: Sendable {
    private let energy: EnergyAttribution
    private let number: Int

    /// Begins to measure; nil where nothing can be measured.
    init?(of model: Model, by energy: EnergyAttribution?) {
        guard let energy, model.placement == .edge, model.endpoint.isOnThisMachine else { return nil }
        self.energy = energy
        number = energy.begin()
    }

    /// Ends the measurement: joules, or nil where the counter could not be read. To be called once.
    func end() -> Double? { energy.end(number) }
}

extension Endpoint {
    /// Whether the server's address is this machine's own.
    fileprivate var isOnThisMachine: Bool {
        let host = baseURL.split(separator: "/", omittingEmptySubsequences: true).dropFirst().first ?? ""
        return host.hasPrefix("127.") || host.hasPrefix("localhost") || host.hasPrefix("[::1]")
    }
}
