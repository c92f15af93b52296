package import Catalog
package import Domain
package import Routing
import Synchronization
package import Upstream

/// The catalog's models, their availability, circuit breakers and live rates.
package final class ModelRegistry: Sendable {
    /// Whether a model can be called; otherwise the reason and the way out.
    package enum Availability: Hashable, Sendable {
        case live
        case unavailable(String)
    }

    private struct TailKey: Hashable {
        let model: ModelID
        let isStream: Bool
    }

    private struct State {
        var catalog: ModelCatalog
        /// Models of local servers that the catalog's files do not name.
        var localModels: [ModelID: LocalModel] = [:]
        var availability: [ModelID: Availability] = [:]
        var endpoints = EndpointTable()
        var tails: [TailKey: LatencyTail] = [:]
        var hedges: [ModelID: HedgeCredit] = [:]
        var retries: [ModelID: RetryBudget] = [:]
        var rates: [ModelID: CallAverages] = [:]
        var isProbed = false
        var waiting: [CheckedContinuation<Void, Never>] = []
        /// The live models for chat calls; read by each call.
        private(set) var live: [Model] = []

        func rest(of model: ModelID, at now: Timestamp) -> UpstreamError? {
            let known = catalog[model]?.endpoints.map(\.name) ?? [ModelEndpoint.onlyName]
            return endpoints.rest(ofEndpoints: known, of: model, at: now)
        }

        /// To be called after each change of the catalog or of the availability.
        mutating func listLive() {
            live = catalog.models.filter { availability[$0.id] == .live && !$0.capabilities.contains(.embeddings) }
        }
    }

    /// The machine's energy counter; nil without one.
    package let energy: EnergyAttribution?
    private let state: Mutex<State>

    package init(catalog: ModelCatalog, energy: EnergyAttribution? = EnergyAttribution()) {
        state = Mutex(State(catalog: catalog))
        self.energy = energy
    }

    /// The models of the catalog's files and those found at local servers.
    package var catalog: ModelCatalog { state.withLock { $0.catalog } }

    /// Most models of local servers while the process runs: a server may list others each time it is asked.
    private static let mostLocalModels = 2000

    /// Adds live models of local servers. Ids that are taken stay as they are.
    package func add(_ models: [LocalModel]) {
        state.withLock { state in
            let room = max(0, Self.mostLocalModels - state.localModels.count)
            let added = models.filter { state.catalog[$0.model.id] == nil }.prefix(room)
            guard !added.isEmpty else { return }
            let version = state.localModels.isEmpty ? "\(state.catalog.version)+local" : state.catalog.version
            state.catalog = ModelCatalog(
                models: state.catalog.models + added.map(\.model), version: version, warnings: state.catalog.warnings)
            for model in added {
                state.localModels[model.model.id] = model
                state.availability[model.model.id] = .live
            }
            state.listLive()
        }
    }

    /// A catalog with the models of local servers that are known now and that it does not name.
    package func extended(_ catalog: ModelCatalog) -> ModelCatalog {
        state.withLock { Self.extended(catalog, with: $0.localModels) }
    }

    /// Replaces the models of the catalog's files at once. Those of local servers stay, where no file names them now.
    ///
    /// A model that is new is not live before the next probe.
    package func replace(_ catalog: ModelCatalog) {
        state.withLock { state in
            state.localModels = state.localModels.filter { catalog[$0.key] == nil }
            state.catalog = Self.extended(catalog, with: state.localModels)
            let kept = Set(state.catalog.models.map(\.id))
            state.availability = state.availability.filter { kept.contains($0.key) }
            state.listLive()
        }
    }

    private static func extended(_ catalog: ModelCatalog, with local: [ModelID: LocalModel]) -> ModelCatalog {
        let added = local.values.map(\.model).filter { catalog[$0.id] == nil }.sorted { $0.id < $1.id }
        guard !added.isEmpty else { return catalog }
        return ModelCatalog(
            models: catalog.models + added, version: "\(catalog.version)+local", warnings: catalog.warnings)
    }

    /// How a model was found at a local server; nil for those of the catalog's files.
    package func localModel(_ id: ModelID) -> LocalModel? { state.withLock { $0.localModels[id] } }

    /// Records the results of a probe.
    ///
    /// - Parameter down: endpoints that cannot be called, by the reason, of models that have others.
    package func update(_ availability: [ModelID: Availability], down: [EndpointID: String] = [:]) {
        state.withLock { state in
            state.endpoints.setDown(down)
            state.availability.merge(availability) { _, new in new }
            state.listLive()
            state.isProbed = true
            for continuation in state.waiting { continuation.resume() }
            state.waiting = []
        }
    }

    /// Waits for the first probe. Before it, no model is live.
    package func waitUntilProbed() async {
        await withCheckedContinuation { continuation in
            state.withLock { state in
                if state.isProbed { continuation.resume() } else { state.waiting.append(continuation) }
            }
        }
    }

    package func availability(of model: ModelID) -> Availability {
        state.withLock { $0.availability[model] } ?? .unavailable("not looked for yet")
    }

    /// The models for chat calls with their prices of the day. Models that rest are omitted, unless all do.
    package func models(at now: Timestamp) -> [PricedModel] {
        let (working, resting) = chatModels(at: now)
        let priced = working.compactMap { self.priced($0, at: now) }
        return priced.isEmpty ? resting.compactMap { self.priced($0, at: now) } : priced
    }

    /// The models for chat calls that rest now: their circuit breakers are open.
    package func restingModels(at now: Timestamp) -> [PricedModel] {
        chatModels(at: now).resting.compactMap { priced($0, at: now) }
    }

    private func chatModels(at now: Timestamp) -> (working: [Model], resting: [Model]) {
        let (live, blocked) = state.withLock { state in
            let suspects = state.endpoints.modelsWithRest(at: now)
            let blocked = suspects.filter { state.rest(of: $0, at: now) != nil }
            return (state.live, blocked)
        }
        if blocked.isEmpty { return (live, []) }
        return (live.filter { !blocked.contains($0.id) }, live.filter { blocked.contains($0.id) })
    }

    /// A model with its price of the day; nil if it is unknown or has no valid price.
    package func pricedModel(_ id: ModelID, at now: Timestamp) -> PricedModel? {
        catalog[id].flatMap { priced($0, at: now) }
    }

    private func priced(_ model: Model, at now: Timestamp) -> PricedModel? {
        (try? model.price(on: now.day)).map { PricedModel(model: model, price: $0, live: rate(of: model.id, at: now)) }
    }

    /// The error of a model that rests with all its endpoints; nil if it may be called.
    package func rest(of model: ModelID, at now: Timestamp) -> UpstreamError? {
        state.withLock { $0.rest(of: model, at: now) }
    }

    /// The state of each endpoint of a model that has several: in one word, with the reason and the calls under way.
    package func endpointStates(
        of model: Model, at now: Timestamp
    ) -> [(name: String, state: String, reason: String?, underWay: Int)] {
        guard model.endpoints.count > 1 else { return [] }
        return state.withLock { state in
            model.endpoints.map { endpoint in
                let (word, reason, underWay) = state.endpoints.state(of: EndpointID(model.id, endpoint.name), at: now)
                return (endpoint.name, word, reason, underWay)
            }
        }
    }

    /// Chooses the endpoint of a call (``EndpointTable/choose(among:of:for:tokens:excluding:heedsRest:movesRun:at:)``). The call is
    /// under way there until ``leave(_:of:used:at:)``.
    func choose(
        _ model: Model, for run: String, tokens: Int, excluding tried: Set<String>, heedsRest: Bool,
        movesRun: Bool = true, at now: Timestamp
    ) -> Result<EndpointChoice, UpstreamError> {
        state.withLock {
            $0.endpoints.choose(
                among: model.endpoints, of: model.id, for: run, tokens: tokens, excluding: tried, heedsRest: heedsRest,
                movesRun: movesRun, at: now)
        }
    }

    /// Records that a call has left its endpoint.
    func leave(_ choice: EndpointChoice, of model: ModelID, used: Int?, at now: Timestamp) {
        state.withLock { $0.endpoints.leave(choice, of: model, used: used, at: now) }
    }

    /// Records an answer, which ends the endpoint's rest.
    package func recordSuccess(_ model: ModelID, endpoint: String = ModelEndpoint.onlyName) {
        state.withLock { $0.endpoints.recordSuccess(EndpointID(model, endpoint)) }
        callEnded(model, failed: false, at: .now())
    }

    /// Records a failure of the model's server.
    package func recordFailure(_ model: ModelID, reason: String, at now: Timestamp) {
        recordFailure(EndpointID(model), reason: reason, of: nil, isTrial: false, at: now)
    }

    /// Records a failure with what its server asked for.
    func recordFailure(
        _ id: EndpointID, reason: String, of error: UpstreamError?, isTrial: Bool, at now: Timestamp
    ) {
        state.withLock {
            $0.endpoints.recordFailure(
                id, reason, restSeconds: error?.requestedRest, isRateLimited: error?.isRateLimit ?? false,
                isTrial: isTrial, at: now)
        }
        callEnded(id.model, failed: true, at: now)
    }

    /// Ends a trial that said nothing of its server.
    func abandonTrial(of id: EndpointID, at now: Timestamp) {
        state.withLock { $0.endpoints.abandonTrial(id, at: now) }
    }
}

extension UpstreamError {
    /// Seconds for which the server asked to be left alone.
    fileprivate var requestedRest: Double? {
        guard case .status(let failure) = self, failure.isOverload else { return nil }
        return failure.retryAfterSeconds
    }
}

/// Second requests beside slow ones.
extension ModelRegistry {
    /// Records how long a call waited for its first byte.
    func recordFirstByte(_ model: ModelID, after seconds: Double, isStream: Bool) {
        state.withLock { $0.tails[TailKey(model: model, isStream: isStream), default: LatencyTail()].record(seconds) }
    }

    /// Records a call that may get a second request.
    ///
    /// - Returns: seconds until then; nil where too little is known of the model's calls.
    func hedgeWait(_ model: ModelID, by rule: HedgeRule, isStream: Bool) -> Double? {
        state.withLock { state in
            state.hedges[model, default: HedgeCredit()].earn(rule.mostShare)
            switch rule.wait {
            case .seconds(let seconds): return seconds
            case .quantile(let share): return state.tails[TailKey(model: model, isStream: isStream)]?.quantile(share)
            }
        }
    }

    /// Takes a second request of the model's share; false where the share is used up.
    func takeHedge(_ model: ModelID) -> Bool {
        state.withLock { $0.hedges[model, default: HedgeCredit()].take() }
    }
}

/// Retries of failed calls.
extension ModelRegistry {
    /// Records a call, which earns a share of a retry.
    func earnRetry(_ model: ModelID, at now: Timestamp) {
        state.withLock { $0.retries[model, default: RetryBudget()].earn(at: now) }
    }

    /// Takes a retry of the model's budget; false where it is used up.
    func takeRetry(_ model: ModelID, at now: Timestamp) -> Bool {
        state.withLock { $0.retries[model, default: RetryBudget()].take(at: now) }
    }
}

/// Live rates of the models.
extension ModelRegistry {
    package func rate(of model: ModelID, at now: Timestamp) -> LiveRate {
        state.withLock { $0.rates[model] }?.rate(at: now) ?? .none
    }

    /// Records a call that waits for a slot.
    package func callArrived(_ model: ModelID, at now: Timestamp) {
        record(model, at: now) { $0.arrive(at: now) }
    }

    /// Records that a call has its slot.
    package func callStarted(_ model: ModelID) {
        record(model, at: .now()) { $0.start() }
    }

    /// Records that a waiting call left without a slot.
    func callLeftQueue(_ model: ModelID) {
        record(model, at: .now()) { $0.leaveQueue() }
    }

    /// Records that a call has left its slot after some seconds.
    package func callLeft(_ model: ModelID, after seconds: Double, at now: Timestamp) {
        record(model, at: now) { $0.leave(after: seconds, at: now) }
    }

    /// Records a call that its server answered or failed.
    package func callEnded(_ model: ModelID, failed: Bool, at now: Timestamp) {
        record(model, at: now) { $0.end(failed: failed, at: now) }
    }

    private func record(_ model: ModelID, at now: Timestamp, _ change: (inout CallAverages) -> Void) {
        state.withLock { change(&$0.rates[model, default: CallAverages(at: now)]) }
    }
}
