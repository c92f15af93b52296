import Calls
import Catalog
package import Dialects
package import Domain
import JSON
import Ledger
package import Routing

extension StepService {
    /// Routes a chat call.
    ///
    /// - Parameters:
    ///   - target: the policy or model to ask for in place of the request's own.
    ///   - runID: `caller.runID(of: request)`, if it is known already.
    ///   - sessionLeft: what is left of the session's limits; nil without any.
    package func route(
        _ request: ChatRequest, as target: String? = nil, from caller: Caller, runID: String? = nil,
        sessionLeft: Remaining? = nil
    ) throws -> RoutedStep {
        let now = Timestamp.now()
        let runID = runID ?? caller.runID(of: request)
        let memory = sessions.memory(of: Self.sessionKey(runID, caller))
        var step = request.step(
            id: Identifier.make("step"), runID: runID, previousModel: memory.lastModel, after: memory.state.historyEnd)
        step.previousWay = memory.lastWay
        let admitted = try resolved(caller.models)
        var models = registry.models(at: now).filter { admitted.admits($0.model.id) }
        var policy: Policy
        var policyName: String?
        var pinned: PricedModel?
        let asked = target ?? request.model
        let meant = meaning(of: asked)
        let name = targetName(meant, for: caller, runID: runID)
        switch try self.target(of: name, at: now) {
        case .policy(let base, let name): (policy, policyName) = (base, name)
        case .pinned(let model):
            guard admitted.admits(model.model.id) else {
                throw FieldError("model", "this key may not use \(model.model.id)")
            }
            policy = Policy(models: ModelFilter(allow: [model.model.id]), verify: .off)
            policy.effort = .off
            pinned = model
            models = [model]
        }
        if let json = request.policy {
            policy = try Policy(json: json, base: policy, path: "hera", others: [SourceRule.member])
            try policy.refuseIdleDial(in: json, path: "hera")
            if request.sources == nil { _ = try SourceRule(json[SourceRule.member], known: []) }
        }
        policy = try resolved(policy)
        let sent = readable(request, by: models, policy)
        if sent.needs != step.needs {
            step = sent.step(
                id: step.id, runID: runID, previousModel: memory.lastModel, after: memory.state.historyEnd)
            step.previousWay = memory.lastWay
        }
        // An answer that leaves as it is written cannot be replaced by another one.
        if request.isStream, policy.verification.mode == .auto { policy.verification.mode = .off }
        var context = RoutingContext(
            models: models, economics: settings.economics, policy: policy, remaining: Remaining(of: policy), horizon: 1,
            catalogVersion: registry.catalog.version,
            kappaOffset: learning.kappaOffset(policyName: policyName, policy: policy))
        context.priceFactor = learning.priceFactor(policyName: policyName, policy: policy)
        var machine = try begin(
            step, memory: memory, sessionLeft: sessionLeft, context: &context, admits: { admitted.admits($0) })
        if let pinned { machine.pin("\(pinned.model.id): named by the caller") }
        let isItself = meant == asked && pinned.map { $0.model.id.rawValue == meant } ?? true
        if !isItself { machine.setRequestedModel(asked) }
        let attribution = Attribution(
            team: caller.team, key: caller.key,
            session: Self.ledgerSession(runID, caller, hasLimits: sessionLeft != nil), labels: caller.labels)
        var prepared = PreparedStep(
            request: sent, step: step, decision: machine.decision, context: context, attribution: attribution,
            policyName: policyName)
        prepared.hasLeft = caller.hasLeft
        prepared.trace = caller.trace
        prepared.callerModels = caller.models
        return RoutedStep(prepared: prepared, machine: machine, memory: memory)
    }

    /// The name that a call is routed by: what it asks for. For plain `hera` it is the caller's own policy, an
    /// experiment's for its share of the sessions, else the default one.
    func targetName(_ meant: String, for caller: Caller, runID: String) -> String {
        guard meant == "hera" else { return meant }
        let policy = caller.policy ?? settings.experiments.policy(ofSession: caller.clientSession ?? runID)
        return policy.map { "hera/\($0)" } ?? "hera"
    }

    /// The request with notes in place of what none of the models reads, where its session would be stuck otherwise
    /// (``UnreadableParts``).
    private func readable(_ request: ChatRequest, by models: [PricedModel], _ policy: Policy) -> ChatRequest {
        let needs = request.needs.intersection(UnreadableParts.needs)
        guard !needs.isEmpty else { return request }
        let all = models + registry.restingModels(at: .now())
        let able = all.filter { policy.models.admits($0.model.id) && policy.placement.admits($0.model.placement) }
        let missing = needs.filter { need in !able.contains { $0.model.capabilities.contains(need) } }
        return missing.isEmpty ? request : request.noting(UnreadableParts(missing)) ?? request
    }

    /// The name under which a session is remembered: equal first messages of two keys are two sessions.
    static func sessionKey(_ runID: String, _ caller: Caller) -> String {
        caller.key.map { "\($0) \(runID)" } ?? runID
    }

    /// Names that callers use for models become the catalog's.
    package func resolved(_ filter: ModelFilter) throws -> ModelFilter {
        try filter.resolved(in: registry.catalog, path: "models")
    }

    /// The same for every model that a policy names.
    package func resolved(_ policy: Policy) throws -> Policy {
        try policy.resolved(in: registry.catalog)
    }

    /// Begins a step by the rule. Where the models at work cannot serve it, those that rest are candidates, too: a call
    /// of them says when to try again, which a list of the others' faults does not.
    ///
    /// - Parameters:
    ///   - context: gets the models that rest where they are needed.
    ///   - admits: whether the caller may use a model.
    package func begin(
        _ step: Step, state: RunState, context: inout RoutingContext, admits: (ModelID) -> Bool = { _ in true }
    ) throws -> StepMachine {
        let id = Identifier.make("dec")
        do throws(RoutingError) {
            return try router.machine(for: step, decisionID: id, state: state, context: context)
        } catch {
            var wider = context
            let present = Set(context.models.map(\.model.id))
            wider.models += registry.restingModels(at: .now()).filter {
                !present.contains($0.model.id) && admits($0.model.id)
            }
            guard wider.models.count > context.models.count,
                let machine = try? router.machine(for: step, decisionID: id, state: state, context: wider)
            else { throw error }
            context = wider
            return machine
        }
    }
}
