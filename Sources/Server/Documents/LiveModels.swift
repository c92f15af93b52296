package import Calls
import Catalog
package import Domain
import JSON
import Routing

/// The present state of each model that can be called or rests.
package struct LiveModels: Sendable {
    private let registry: ModelRegistry
    private let moment: Timestamp

    /// - Parameter moment: when the rates are read.
    package init(_ registry: ModelRegistry, at moment: Timestamp) {
        self.registry = registry
        self.moment = moment
    }

    /// Writes `live` into an open object: `[{model, state, reason, endpoints, busy, waiting, error_rate}]`; `state` is
    /// `live` or `rests`. `endpoints` is there for models with several: `[{name, state, reason, busy}]`.
    func write(into object: inout JSONWriter) {
        let resting = Set(registry.restingModels(at: moment).map(\.model.id))
        object.member(
            "live",
            array: { list in
                for model in registry.catalog.models where registry.availability(of: model.id) == .live {
                    let rate = registry.rate(of: model.id, at: moment)
                    list.object {
                        $0.member("model", model.id.rawValue)
                        $0.member("state", resting.contains(model.id) ? "rests" : "live")
                        if let rest = registry.rest(of: model.id, at: moment) { $0.member("reason", "\(rest)") }
                        write(registry.endpointStates(of: model, at: moment), into: &$0)
                        $0.member("busy", rate.busySlots)
                        $0.member("waiting", rate.waiting)
                        $0.member("error_rate", rate.errorRate)
                    }
                }
            })
    }

    private func write(
        _ endpoints: [(name: String, state: String, reason: String?, underWay: Int)], into object: inout JSONWriter
    ) {
        guard !endpoints.isEmpty else { return }
        object.member(
            "endpoints",
            array: { list in
                for endpoint in endpoints {
                    list.object {
                        $0.member("name", endpoint.name)
                        $0.member("state", endpoint.state)
                        if let reason = endpoint.reason { $0.member("reason", reason) }
                        $0.member("busy", endpoint.underWay)
                    }
                }
            })
    }
}
