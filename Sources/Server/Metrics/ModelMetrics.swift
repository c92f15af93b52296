import Calls
import Catalog
import Domain
import Routing

/// How each live model does, read when it is asked for.
struct ModelMetrics {
    private struct Figure: Sendable {
        let name: String
        let help: String
        let value: @Sendable (LiveRate) -> Double?
    }

    private static let figures = [
        Figure(name: "hera_model_error_rate", help: "share of late calls that the model's server failed") {
            $0.errorRate
        },
        Figure(name: "hera_model_busy_slots", help: "calls under way") { Double($0.busySlots) },
        Figure(name: "hera_model_waiting_calls", help: "calls that wait for a slot") { Double($0.waiting) },
        Figure(name: "hera_model_arrivals_per_second", help: "calls that come, lately") { $0.arrivalsPerSecond },
        Figure(name: "hera_model_service_seconds", help: "mean time of a call in its slot, lately") {
            $0.serviceSeconds
        },
    ]

    let fleet: ModelRegistry
    let moment: Timestamp

    func write(into text: inout PrometheusText) {
        let models = fleet.catalog.models.map(\.id)
        text.begin("hera_model_live", .gauge, help: "1 where the model can be called")
        for model in models {
            text.sample("hera_model_live", label(model), fleet.availability(of: model) == .live ? 1 : 0)
        }
        let live = models.filter { fleet.availability(of: $0) == .live }
        for figure in Self.figures {
            text.begin(figure.name, .gauge, help: figure.help)
            for model in live {
                guard let value = figure.value(fleet.rate(of: model, at: moment)) else { continue }
                text.sample(figure.name, label(model), value)
            }
        }
    }

    private func label(_ model: ModelID) -> [PrometheusLabel] {
        [PrometheusLabel(name: "model", value: model.rawValue)]
    }
}
