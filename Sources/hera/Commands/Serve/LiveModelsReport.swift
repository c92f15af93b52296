import Calls
import Catalog
import Domain

/// Tells which models are live, and why the others are not.
enum LiveModelsReport {
    static func tell(_ fleet: ModelRegistry) {
        var live: [String] = []
        var reasons: [String: Int] = [:]
        for model in fleet.catalog.models {
            switch fleet.availability(of: model.id) {
            case .live: live.append(model.id.rawValue)
            case .unavailable(let reason): reasons[reason, default: 0] += 1
            }
        }
        Exit.tell(live.isEmpty ? "no model is live" : "live: \(live.joined(separator: ", "))")
        for (reason, count) in reasons.sorted(by: { ($1.value, $0.key) < ($0.value, $1.key) }) {
            Exit.tell("not live: \(count) model\(count == 1 ? "" : "s"), \(reason)")
        }
    }
}
