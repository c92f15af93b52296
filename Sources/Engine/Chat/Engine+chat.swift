package import Core
import Ledger
import Routing

/// On whose account a chat call is made.
package struct Caller: Sendable {
    /// The session that the caller names, or nil to recognise it by the messages.
    package var session: String?
    package var key: String?
    package var team: String?
    /// The models that the caller may use.
    package var models: ModelFilter
    /// The policy of calls that name none.
    package var policy: String?

    package init(
        session: String? = nil, key: String? = nil, team: String? = nil, models: ModelFilter = ModelFilter(),
        policy: String? = nil
    ) {
        self.session = session
        self.key = key
        self.team = team
        self.models = models
        self.policy = policy
    }
}

extension Engine {
    /// Answers an OpenAI chat request with the model that the policy, the predictions and the rule choose.
    ///
    /// The work goes on when the caller gives up: what is paid for is read and booked.
    package func chat(_ request: ChatRequest, from caller: Caller) async throws(EngineError) -> ChatReply {
        let step = try route(request, from: caller)
        let session = Self.sessionKey(step.order.step.runID, caller)
        return request.isStream ? try await streamed(step, session) : try await whole(step, session)
    }

    /// The decision that `chat` would make, without calling anybody.
    package func dryRun(_ request: ChatRequest, from caller: Caller) throws(EngineError) -> Decision {
        let step = try route(request, from: caller)
        var conductor = StepConductor(engine: self, step: step)
        conductor.decideWithoutCalls()
        return conductor.decision
    }

    private func whole(_ step: RoutedStep, _ session: String) async throws(EngineError) -> ChatReply {
        let result = await pool.result { () -> Result<FinishedStep, EngineError> in
            do throws(EngineError) {
                let done = try await self.perform(step)
                try await self.book(done, session)
                self.learn(from: done.order, done.outcome)
                return .success(done)
            } catch {
                return .failure(error)
            }
        }
        guard let result else { throw .shuttingDown }
        let done = try result.get()
        return ChatReply(
            decision: done.order.decision, model: done.outcome.model, cost: done.spent,
            body: .complete(done.outcome.body))
    }

    /// Does a routed step. Where nobody answers, the decision is kept all the same, with what each one said.
    func perform(
        _ step: RoutedStep, delivery: StreamDelivery? = nil, takesApart: Bool = false
    ) async throws(EngineError) -> FinishedStep {
        var conductor = StepConductor(engine: self, step: step, delivery: delivery, takesApart: takesApart)
        do throws(EngineError) {
            let outcome = try await conductor.run()
            return FinishedStep(
                order: conductor.order, outcome: outcome, state: conductor.course.state, spent: conductor.spent,
                joules: conductor.joules)
        } catch {
            if !conductor.decision.attempts.isEmpty {
                await caller.book(
                    StepCommit(decisions: [
                        DecisionRecord(
                            decision: conductor.decision, attribution: step.order.attribution, at: .now())
                    ]))
            }
            throw error
        }
    }

    /// Closes the books on a chat step: entry, decision and step in one transaction.
    func book(_ done: FinishedStep, _ session: String) async throws(EngineError) {
        let order = done.order
        var commit = done.outcome.commit
        let now = Timestamp.now()
        commit.decisions.append(DecisionRecord(decision: order.decision, attribution: order.attribution, at: now))
        commit.steps.append(
            StepRecord(
                id: order.step.id, runID: order.step.runID, position: order.step.position,
                decisionID: order.decision.id, entryID: done.outcome.entryID, model: done.outcome.model,
                detail: Array("{}".utf8), at: now))
        do throws(LedgerError) {
            _ = try await ledger.commitStep(commit)
        } catch {
            throw .ledger(error)
        }
        var memory = sessions.memory(of: session)
        memory.note(done.outcome.model, position: order.step.position, state: done.state)
        sessions.remember(memory, of: session)
    }
}
