import Domain
import Upstream

/// Which endpoint of a model a call goes to.
struct EndpointChoice: Sendable {
    let endpoint: ModelEndpoint
    /// Whether the call finds out if an endpoint that rested works again.
    let isTrial: Bool
    /// Tokens that were taken from the endpoint's limit.
    let tokens: Int
}

/// The state of all endpoints: which rest or are down, what each has under way, and where runs have their prompt caches.
///
/// A pure state machine: the caller passes the time.
struct EndpointTable: Sendable {
    private var breakers: [EndpointID: CircuitBreaker] = [:]
    private var loads: [EndpointID: EndpointLoad] = [:]
    private var homes = RunHomes()
    /// Endpoints that the last probe found down, by the reason.
    private var down: [EndpointID: String] = [:]

    // MARK: Choice

    /// Chooses the endpoint of a call and counts the call as under way there.
    ///
    /// - Parameters:
    ///   - run: a run stays on the endpoint that has its prompt cache, while that one has room.
    ///   - tokens: the most that the call may take.
    ///   - tried: names of endpoints that have failed this call.
    ///   - heedsRest: whether endpoints that rest are left alone; else they come last.
    ///   - movesRun: whether the run's later calls go there too; not for a second request beside a slow one.
    /// - Returns: the choice, or why there is none: all rest, or have no room.
    mutating func choose(
        among endpoints: [ModelEndpoint], of model: ModelID, for run: String, tokens: Int, excluding tried: Set<String>,
        heedsRest: Bool, movesRun: Bool = true, at now: Timestamp
    ) -> Result<EndpointChoice, UpstreamError> {
        let left = endpoints.filter { !tried.contains($0.name) }
        let up = left.filter { down[EndpointID(model, $0.name)] == nil }
        let working = (up.isEmpty ? left : up).filter { admits(EndpointID(model, $0.name), at: now) }
        if working.isEmpty, heedsRest { return .failure(restError(of: left.map(\.name), model, at: now)) }
        let allowed = working.isEmpty ? left : working
        for endpoint in allowed {
            loads[EndpointID(model, endpoint.name), default: EndpointLoad()].adopt(endpoint, at: now)
        }
        let free = allowed.filter { hasRoom($0, model, tokens, at: now) }
        guard !free.isEmpty else { return .failure(fullError(of: allowed, model, tokens, at: now)) }
        let chosen = choice(among: free, model, run)
        let id = EndpointID(model, chosen.name)
        var isTrial = false
        if heedsRest, var breaker = breakers[id] {
            isTrial = breaker.admit(at: now) == .trial
            breakers[id] = breaker
        }
        loads[id, default: EndpointLoad()].begin(tokens: tokens, at: now)
        if endpoints.count > 1, movesRun { homes.set(chosen.name, of: run, model) }
        return .success(EndpointChoice(endpoint: chosen, isTrial: isTrial, tokens: tokens))
    }

    private func choice(among free: [ModelEndpoint], _ model: ModelID, _ run: String) -> ModelEndpoint {
        guard free.count > 1 else { return free[0] }
        if let home = homes.home(of: run, model), let endpoint = free.first(where: { $0.name == home }) {
            return endpoint
        }
        let loads = free.map { self.loads[EndpointID(model, $0.name)]?.underWay ?? 0 }
        return free[EndpointSpread.choice(among: free, loads: loads, run: run)]
    }

    private func hasRoom(_ endpoint: ModelEndpoint, _ model: ModelID, _ tokens: Int, at now: Timestamp) -> Bool {
        guard let load = loads[EndpointID(model, endpoint.name)] else { return true }
        if let most = endpoint.concurrency, load.underWay >= most { return false }
        return load.wait(forTokens: tokens, at: now) == 0
    }

    /// The error of endpoints without room: a limit of the rate where that alone is used up.
    private func fullError(
        of endpoints: [ModelEndpoint], _ model: ModelID, _ tokens: Int, at now: Timestamp
    ) -> UpstreamError {
        let busy = endpoints.filter { endpoint in
            endpoint.concurrency.map { loads[EndpointID(model, endpoint.name)]?.underWay ?? 0 >= $0 } ?? false
        }
        if busy.count == endpoints.count {
            return .overloaded(waiting: busy.reduce(0) { $0 + (loads[EndpointID(model, $1.name)]?.underWay ?? 0) })
        }
        let waits = endpoints.map { loads[EndpointID(model, $0.name)]?.wait(forTokens: tokens, at: now) ?? 0 }
        return .resting(
            reason: "its limits of requests and tokens a minute are used up",
            retryAfterSeconds: waits.filter { $0 > 0 }.min() ?? 1, isRateLimited: true)
    }

    /// Records that a call has left its endpoint.
    ///
    /// - Parameter used: tokens that the server counted; nil where it told none.
    mutating func leave(_ choice: EndpointChoice, of model: ModelID, used: Int?, at now: Timestamp) {
        loads[EndpointID(model, choice.endpoint.name)]?.end(unused: used.map { choice.tokens - $0 } ?? 0, at: now)
    }

    // MARK: Rest

    private func admits(_ id: EndpointID, at now: Timestamp) -> Bool { breakers[id]?.admits(at: now) ?? true }

    /// The error of a model all of whose endpoints rest; nil if one may be called.
    func rest(ofEndpoints names: [String], of model: ModelID, at now: Timestamp) -> UpstreamError? {
        guard names.allSatisfy({ !admits(EndpointID(model, $0), at: now) }) else { return nil }
        return restError(of: names, model, at: now)
    }

    /// The models of which an endpoint rests now.
    func modelsWithRest(at now: Timestamp) -> Set<ModelID> {
        Set(breakers.lazy.filter { !$0.value.admits(at: now) }.map(\.key.model))
    }

    /// The rest of the endpoint that ends first.
    private func restError(of names: [String], _ model: ModelID, at now: Timestamp) -> UpstreamError {
        let resting = names.compactMap { breakers[EndpointID(model, $0)] }
        let first = resting.min { $0.restSeconds(at: now) < $1.restSeconds(at: now) }
        return .resting(
            reason: first?.reason ?? "it failed", retryAfterSeconds: first?.restSeconds(at: now) ?? 1,
            isRateLimited: first?.isRateLimited ?? false)
    }

    /// Records an answer, which ends the endpoint's rest.
    mutating func recordSuccess(_ id: EndpointID) { breakers[id] = nil }

    /// Records a failure of an endpoint's server.
    mutating func recordFailure(
        _ id: EndpointID, _ reason: String, restSeconds: Double?, isRateLimited: Bool, isTrial: Bool, at now: Timestamp
    ) {
        breakers[id, default: CircuitBreaker()].recordFailure(
            reason, restSeconds: restSeconds, isRateLimited: isRateLimited, isTrial: isTrial, at: now)
    }

    /// Ends a trial that said nothing of its server.
    mutating func abandonTrial(_ id: EndpointID, at now: Timestamp) { breakers[id]?.abandonTrial(at: now) }

    // MARK: Probes

    /// Replaces what a probe found: the endpoints that are down, by the reason.
    mutating func setDown(_ found: [EndpointID: String]) { down = found }

    /// The state of an endpoint in one word, the reason where it is not called, and the calls under way.
    func state(of id: EndpointID, at now: Timestamp) -> (word: String, reason: String?, underWay: Int) {
        let underWay = loads[id]?.underWay ?? 0
        if let reason = down[id] { return ("down", reason, underWay) }
        return admits(id, at: now) ? ("live", nil, underWay) : ("rests", breakers[id]?.reason, underWay)
    }
}

/// The endpoints that have the prompt caches of runs, by run and model: the newest runs alone. Pure.
struct RunHomes: Sendable {
    private struct Key: Hashable {
        let run: String
        let model: ModelID
    }

    /// Two generations: what is used stays in the younger one, and the older one is dropped whole.
    private var young: [Key: String] = [:]
    private var old: [Key: String] = [:]
    private let most: Int

    /// - Parameter most: runs of a generation.
    init(most: Int = 10_000) { self.most = most }

    func home(of run: String, _ model: ModelID) -> String? {
        let key = Key(run: run, model: model)
        return young[key] ?? old[key]
    }

    mutating func set(_ name: String, of run: String, _ model: ModelID) {
        if young.count >= most { (old, young) = (young, [:]) }
        young[Key(run: run, model: model)] = name
    }
}
