import Domain
import Foundation

/// Spreads runs over a model's endpoints: by weight, by load, and each run always to the same one. Pure.
///
/// Rendezvous hashing by run keeps a run on its endpoint without any memory, also on other nodes and after a restart. A
/// bound on the load sends new calls elsewhere where one endpoint has more than its share ("Consistent Hashing with
/// Bounded Loads", Mirrokni, Thorup and Zadimoghaddam, 2018).
enum EndpointSpread {
    /// How far an endpoint's calls may pass its share before others are preferred.
    private static let slack = 1.25

    /// The endpoint for a call of a run.
    ///
    /// - Parameters:
    ///   - endpoints: those that may be called; not empty.
    ///   - loads: calls under way at each of them.
    /// - Returns: the index of the endpoint.
    static func choice(among endpoints: [ModelEndpoint], loads: [Int], run: String) -> Int {
        guard endpoints.count > 1 else { return 0 }
        let weights = endpoints.reduce(0) { $0 + $1.weight }
        let calls = Double(loads.reduce(0, +) + 1)
        let order = order(of: endpoints, for: run)
        let within = order.first { index in
            Double(loads[index] + 1) <= (slack * calls * endpoints[index].weight / weights).rounded(.up)
        }
        return within ?? order[0]
    }

    /// The endpoints in the order in which a run prefers them: the one with the greatest weighted score first.
    static func order(of endpoints: [ModelEndpoint], for run: String) -> [Int] {
        let scores = endpoints.map { endpoint in
            var hash = StableHash()
            hash.combine("\(run)\n\(endpoint.name)".utf8)
            var generator = SeededGenerator(seed: hash.value)
            // Weighted rendezvous hashing: -weight / ln(u) for u in 0..<1.
            return -endpoint.weight / log(generator.unit())
        }
        return endpoints.indices.sorted { scores[$0] > scores[$1] }
    }
}
