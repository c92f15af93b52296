import Calls
import Dialects
import Domain
import Estimation
import JSON
import Ledger
import Routing

/// Limits of a whole session of calls.
extension StepService {
    /// What is left of the limits of a request's session; nil if its policy sets none.
    ///
    /// Money and energy are budgets of the session in the ledger, so that every call reserves against them and none
    /// passes them, whichever node makes it. Seconds are those that the session's steps took.
    ///
    /// - Parameters:
    ///   - runID: `caller.runID(of: request)`.
    ///   - setting: whether the ledger's budgets are set to the policy's. A dry run only reads them.
    func sessionLeft(
        for request: ChatRequest, from caller: Caller, runID: String, setting: Bool
    ) async throws -> Remaining? {
        let limits = try sessionLimits(of: request, from: caller, runID: runID)
        guard !limits.isEmpty else { return nil }
        let memory = sessions.memory(of: Self.sessionKey(runID, caller))
        let scope = BudgetScope.session(Self.ledgerSession(runID, caller, hasLimits: true))
        let now = Timestamp.now()
        var statuses = try await ledger.read { ledger in
            try ledger.budgets(of: [scope], at: now)
        }
        let wanted = [limits.budget.map { BudgetLimit.usd($0) }, limits.joules.map { BudgetLimit.joules($0) }]
            .compactMap { $0 }
        let missing = wanted.filter { limit in !statuses.contains { $0.budget.limit == limit } }
        if setting, !missing.isEmpty {
            statuses = try await ledger.write { ledger in
                for limit in missing { try ledger.setBudget(Budget(scope: scope, limit: limit), at: now) }
                return try ledger.budgets(of: [scope], at: now)
            }
        }
        return limits.left(after: statuses, seconds: memory.seconds)
    }

    /// The session that a call is booked on. One with limits belongs to its key, so that no key spends or changes the
    /// budget of another one's session of the same name.
    static func ledgerSession(_ runID: String, _ caller: Caller, hasLimits: Bool) -> String {
        let name = caller.session ?? caller.clientSession ?? runID
        return hasLimits ? sessionKey(name, caller) : name
    }

    /// The session limits of the policy that a request is routed by.
    private func sessionLimits(
        of request: ChatRequest, from caller: Caller, runID: String
    ) throws -> SessionLimits {
        let name = targetName(meaning(of: request.model), for: caller, runID: runID)
        var base = Policy()
        if case .policy(let found, _)? = try? target(of: name, at: .now()) { base = found }
        guard let json = request.policy else { return base.session }
        return try Policy(json: json, base: base, path: "hera", others: [SourceRule.member]).session
    }

    /// Begins a step under the limits of its session.
    ///
    /// Where a value learned from episodes beats the plan on such sessions, it prices what is left. Else
    /// a session's rest is expected to be as long as what it has behind it, at least three steps. So the plan prices
    /// this step's money and time against what the rest needs. Where the limits leave no room for that many steps, the
    /// step is planned alone; where they leave none for this one, the error names the least that would do.
    func begin(
        _ step: Step, memory: Sessions.Memory, sessionLeft: Remaining?, context: inout RoutingContext,
        admits: (ModelID) -> Bool
    ) throws -> StepMachine {
        guard let sessionLeft else { return try begin(step, state: memory.state, context: &context, admits: admits) }
        context.remaining = context.remaining.narrowed(by: sessionLeft)
        if let rest = rest(of: step, memory: memory, sessionLeft: sessionLeft, policy: context.policy) {
            (context.rest, context.horizon) = (rest, 1)
            return try begin(step, state: memory.state, context: &context, admits: admits)
        }
        context.horizon = min(max(memory.steps, Self.leastRest), Planner.longestHorizon)
        do {
            return try begin(step, state: memory.state, context: &context, admits: admits)
        } catch RoutingError.infeasible {
            context.horizon = 1
            return try begin(step, state: memory.state, context: &context, admits: admits)
        }
    }

    /// The rest of a session as a learned value prices it; nil where none is better than the plan for such sessions.
    private func rest(
        of step: Step, memory: Sessions.Memory, sessionLeft: Remaining, policy: Policy
    ) -> SessionRest? {
        let limits = policy.session
        // The learned value knows money and time, and the weighted sum alone reads its prices.
        guard policy.kappa.isPriced, policy.method == .weighted, limits.joules == nil, let profile = episodes else {
            return nil
        }
        func pair(_ whole: Double?, _ left: Double?) -> (whole: Double, left: Double)? {
            whole.flatMap { whole in left.map { (whole, $0) } }
        }
        return SessionRest(
            profile,
            run: LiveRun(
                seconds: pair(limits.seconds, sessionLeft.seconds),
                dollars: pair(
                    limits.budget.map { Double($0.nanoUSD) / 1e9 }, sessionLeft.budget.map { Double($0.nanoUSD) / 1e9 }),
                turns: memory.steps, sources: step.sources?.sources.map(\.id) ?? [],
                before: memory.recent.map { ($0.placement == .cloud, $0.sources) }, quality: (0, 0), most: (0, 0)))
    }

    /// Steps that a session is expected to have ahead of it at least, this one included.
    private static let leastRest = 3
}

extension SessionLimits {
    /// What is left after the ledger's budgets and some seconds.
    func left(after statuses: [BudgetStatus], seconds used: Double) -> Remaining {
        func left(_ unit: BudgetUnit) -> Int64? {
            statuses.filter { $0.budget.limit.unit == unit && $0.budget.mode == .hard }.map(\.left).min()
        }
        var remaining = Remaining(seconds: seconds.map { max($0 - used, 0) })
        if let budget {
            remaining.budget = Money(nanoUSD: min(max(left(.usd) ?? budget.nanoUSD, 0), budget.nanoUSD))
        }
        if let joules { remaining.joules = min(max(left(.joules).map { Double($0) / 1e6 } ?? joules, 0), joules) }
        return remaining
    }
}
