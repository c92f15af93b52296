package import Catalog
package import Domain
package import Routing
import Synchronization

/// The catalog's models and which of them can be called now.
package final class ModelRegistry: Sendable {
    /// Whether a model can be called, and if not, why and what to do.
    package enum Availability: Hashable, Sendable {
        case live
        case unavailable(String)
    }

    private struct State {
        var availability: [ModelID: Availability] = [:]
        var breakers: [ModelID: CircuitBreaker] = [:]
        var rates: [ModelID: CallAverages] = [:]
        var isSurveyed = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    package let catalog: ModelCatalog
    /// The machine's energy counter; nil where there is none.
    package let energy: EnergyAttribution?
    private let state = Mutex(State())

    package init(catalog: ModelCatalog, energy: EnergyAttribution? = EnergyAttribution()) {
        self.catalog = catalog
        self.energy = energy
    }

    /// Notes what a look at keys and servers found.
    package func update(_ availability: [ModelID: Availability]) {
        state.withLock { state in
            state.availability.merge(availability) { _, new in new }
            state.isSurveyed = true
            for continuation in state.waiting { continuation.resume() }
            state.waiting = []
        }
    }

    /// Waits for the first look at keys and servers: before it, no model is known to be live.
    package func surveyed() async {
        await withCheckedContinuation { continuation in
            state.withLock { state in
                if state.isSurveyed { continuation.resume() } else { state.waiting.append(continuation) }
            }
        }
    }

    package func availability(of model: ModelID) -> Availability {
        state.withLock { $0.availability[model] } ?? .unavailable("not looked for yet")
    }

    /// The models that can be asked for an answer, with their prices of a day; those whose breaker is open are left out
    /// unless no other is there.
    package func models(at now: Timestamp) -> [PricedModel] {
        let (live, resting) = state.withLock { state in
            let live = catalog.models.filter {
                state.availability[$0.id] == .live && !$0.capabilities.contains(.embeddings)
            }
            let resting = Set(live.map(\.id).filter { !(state.breakers[$0]?.admits(at: now) ?? true) })
            return (live, resting)
        }
        let awake = live.filter { !resting.contains($0.id) }
        return (awake.isEmpty ? live : awake).compactMap { priced($0, at: now) }
    }

    /// A model with its price of the day; nil where it is unknown or no price is valid.
    package func pricedModel(_ id: ModelID, at now: Timestamp) -> PricedModel? {
        catalog[id].flatMap { priced($0, at: now) }
    }

    private func priced(_ model: Model, at now: Timestamp) -> PricedModel? {
        (try? model.price(on: now.day)).map { PricedModel(model: model, price: $0, live: rate(of: model.id, at: now)) }
    }

    package func recordSuccess(_ model: ModelID) {
        state.withLock { _ = $0.breakers.removeValue(forKey: model) }
        callEnded(model, failed: false, at: .now())
    }

    package func recordFailure(_ model: ModelID, reason: String, at now: Timestamp) {
        state.withLock { $0.breakers[model, default: CircuitBreaker()].recordFailure(reason, at: now) }
        callEnded(model, failed: true, at: now)
    }
}

/// How the models have been doing lately.
extension ModelRegistry {
    package func rate(of model: ModelID, at now: Timestamp) -> LiveRate {
        state.withLock { $0.rates[model] }?.rate(at: now) ?? .none
    }

    /// A call has come and waits for a slot.
    package func callArrived(_ model: ModelID, at now: Timestamp) {
        note(model, at: now) { $0.arrive(at: now) }
    }

    /// A call has its slot.
    package func callStarted(_ model: ModelID) {
        note(model, at: .now()) { $0.start() }
    }

    /// A call has left its slot after so many seconds.
    package func callLeft(_ model: ModelID, after seconds: Double, at now: Timestamp) {
        note(model, at: now) { $0.leave(after: seconds, at: now) }
    }

    /// A call was answered, or failed by its server.
    package func callEnded(_ model: ModelID, failed: Bool, at now: Timestamp) {
        note(model, at: now) { $0.end(failed: failed, at: now) }
    }

    private func note(_ model: ModelID, at now: Timestamp, _ change: (inout CallAverages) -> Void) {
        state.withLock { change(&$0.rates[model, default: CallAverages(at: now)]) }
    }
}
