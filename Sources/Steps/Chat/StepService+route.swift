package import Calls
import Catalog
package import Dialects
package import Domain
import JSON
import Ledger
package import Routing

extension StepService {
    /// Routes a chat call.
    ///
    /// - Parameter runID: `caller.runID(of: request)`, if it is known already.
    package func route(
        _ request: ChatRequest, from caller: Caller, runID: String? = nil
    ) throws(ServiceError) -> RoutedStep {
        let now = Timestamp.now()
        let runID = runID ?? caller.runID(of: request)
        let memory = sessions.memory(of: Self.sessionKey(runID, caller))
        let step = request.step(
            id: Identifier.make("step"), runID: runID, previousModel: memory.lastModel, after: memory.state.historyEnd)
        let admitted = try resolved(caller.models)
        var models = registry.models(at: now).filter { admitted.admits($0.model.id) }
        var policy: Policy
        var policyName: String?
        var pinned: PricedModel?
        let meant = meaning(of: request.model)
        let name = meant == "hera" ? caller.policy.map { "hera/\($0)" } ?? "hera" : meant
        switch try target(of: name, at: now) {
        case .policy(let base, let name): (policy, policyName) = (base, name)
        case .pinned(let model):
            guard admitted.admits(model.model.id) else {
                throw .badRequest(FieldError("model", "this key may not use \(model.model.id)"))
            }
            policy = Policy(models: ModelFilter(allow: [model.model.id]), verify: .off)
            pinned = model
            models = [model]
        }
        if let json = request.policy {
            do throws(FieldError) {
                policy = try Policy(json: json, base: policy, path: "hera")
            } catch {
                throw .badRequest(error)
            }
        }
        policy = try resolved(policy)
        // An answer that leaves as it is written cannot be replaced by another one.
        if request.isStream, policy.verification.mode == .auto { policy.verification.mode = .off }
        var context = RoutingContext(
            models: models, economics: settings.economics, policy: policy, remaining: Remaining(of: policy), horizon: 1,
            catalogVersion: registry.catalog.version,
            kappaOffset: learning.kappaOffset(policyName: policyName, policy: policy))
        context.priceFactor = learning.priceFactor(policyName: policyName, policy: policy)
        var machine = try begin(step, state: memory.state, context: &context) { admitted.admits($0) }
        if let pinned { machine.pin("\(pinned.model.id): named by the caller") }
        let isItself = meant == request.model && pinned.map { $0.model.id.rawValue == meant } ?? true
        if !isItself { machine.setRequestedModel(request.model) }
        let attribution = Attribution(
            team: caller.team, key: caller.key, session: caller.session ?? caller.clientSession ?? runID)
        var prepared = PreparedStep(
            request: request, step: step, decision: machine.decision, context: context, attribution: attribution,
            policyName: policyName)
        prepared.hasLeft = caller.hasLeft
        return RoutedStep(prepared: prepared, machine: machine, memory: memory)
    }

    /// The name under which a session is remembered: equal first messages of two keys are two sessions.
    static func sessionKey(_ runID: String, _ caller: Caller) -> String {
        caller.key.map { "\($0) \(runID)" } ?? runID
    }

    /// Names that callers use for models become the catalog's.
    package func resolved(_ filter: ModelFilter) throws(ServiceError) -> ModelFilter {
        do throws(FieldError) {
            return try filter.resolved(in: registry.catalog, path: "models")
        } catch {
            throw .badRequest(error)
        }
    }

    /// The same for every model that a policy names.
    package func resolved(_ policy: Policy) throws(ServiceError) -> Policy {
        do throws(FieldError) {
            return try policy.resolved(in: registry.catalog)
        } catch {
            throw .badRequest(error)
        }
    }

    /// Begins a step by the rule. Where the models at work cannot serve it, those that rest are candidates, too: a call
    /// of them says when to try again, which a list of the others' faults does not.
    ///
    /// - Parameters:
    ///   - context: gets the models that rest where they are needed.
    ///   - admits: whether the caller may use a model.
    package func begin(
        _ step: Step, state: RunState, context: inout RoutingContext, admits: (ModelID) -> Bool = { _ in true }
    ) throws(ServiceError) -> StepMachine {
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
            else { throw .routing(error) }
            context = wider
            return machine
        }
    }
}
