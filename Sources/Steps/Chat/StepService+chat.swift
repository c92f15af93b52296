package import Calls
package import Dialects
package import Domain
package import Ledger
import Routing

extension StepService {
    /// Answers an OpenAI chat request with the model that the policy, the predictions and the rule choose.
    ///
    /// The work goes on after the client has gone: what is paid for is read and booked.
    ///
    /// - Parameter answer: the response to a complete reply. With an `Idempotency-Key` it is stored in the same
    ///   transaction as the step.
    package func chat(
        _ request: ChatRequest, from caller: Caller,
        answer: @escaping @Sendable (ChatReply) async -> StoredResponse? = { _ in nil }
    ) async throws -> ChatReply {
        let runID = caller.runID(of: request)
        await recallRun(runID, of: request, from: caller)
        let left = try await sessionLeft(for: request, from: caller, runID: runID, setting: true)
        let step = try route(request, from: caller, runID: runID, sessionLeft: left)
        let session = Self.sessionKey(runID, caller)
        if request.isStream { return try await streamed(step, session) }
        return try await whole(step, session) { reply in
            guard let ticket = caller.ticket, let kept = await answer(reply) else { return nil }
            return (ticket, kept)
        }
    }

    /// The decision that `chat` would make, without a call.
    package func dryRun(_ request: ChatRequest, from caller: Caller) async throws -> Decision {
        let runID = caller.runID(of: request)
        await recallRun(runID, of: request, from: caller)
        let left = try await sessionLeft(for: request, from: caller, runID: runID, setting: false)
        let step = try route(request, from: caller, runID: runID, sessionLeft: left)
        var executor = StepExecutor(stepService: self, step: step)
        executor.decideWithoutCalls()
        return executor.decision
    }

    private func recallRun(_ runID: String, of request: ChatRequest, from caller: Caller) async {
        let opensRun = caller.session == nil && !request.messages.contains { $0.role == .assistant }
        await recall(Self.sessionKey(runID, caller), opensRun: opensRun)
    }

    private func whole(
        _ step: RoutedStep, _ session: String,
        _ answer: @escaping @Sendable (ChatReply) async -> (IdempotencyClaim, StoredResponse)?
    ) async throws -> ChatReply {
        try await pool.value {
            let done = try await self.perform(step)
            let reply = ChatReply(
                decision: done.prepared.decision, model: done.outcome.model, cost: done.spent,
                promptTokens: done.prepared.step.promptTokens, at: .now(),
                body: .complete(done.outcome.answer, openAIBytes: done.outcome.openAIBytes))
            try await self.book(done, session, answer: await answer(reply))
            self.learn(from: done.prepared, done.outcome)
            return reply
        }
    }

    /// Executes a routed step. The decision is stored with all failures even where no model answers.
    package func perform(
        _ step: RoutedStep, delivery: StreamDelivery? = nil, allowsSubtasks: Bool = false
    ) async throws -> FinishedStep {
        var executor = StepExecutor(stepService: self, step: step, delivery: delivery, allowsSubtasks: allowsSubtasks)
        do {
            let outcome = try await executor.run()
            return FinishedStep(
                prepared: executor.prepared, outcome: outcome, state: executor.machine.state, spent: executor.spent,
                joules: executor.joules, seconds: executor.started.seconds)
        } catch {
            if !executor.decision.attempts.isEmpty {
                await calls.book(
                    StepCommit(decisions: [
                        DecisionRecord(
                            decision: executor.decision, attribution: step.prepared.attribution, at: .now())
                    ]))
            }
            throw error
        }
    }

    /// Commits a chat step in one transaction: entry, decision, step, session memory and the stored response.
    func book(
        _ done: FinishedStep, _ session: String, answer: (IdempotencyClaim, StoredResponse)? = nil
    ) async throws {
        let prepared = done.prepared
        var commit = done.outcome.commit
        let now = Timestamp.now()
        commit.decisions.append(DecisionRecord(decision: prepared.decision, attribution: prepared.attribution, at: now))
        commit.steps.append(
            StepRecord(
                id: prepared.step.id, runID: prepared.step.runID, position: prepared.step.position,
                decisionID: prepared.decision.id, entryID: done.outcome.entryID, model: done.outcome.model,
                detail: Array("{}".utf8), at: now))
        let candidate = prepared.decision.candidate(done.outcome.model)
        commit.sessions = [
            sessions.recordStep(
                done.outcome.model, on: candidate?.placement ?? .cloud, way: candidate?.way ?? AskedWay(),
                position: prepared.step.position, state: done.state, seconds: done.seconds,
                of: session, at: now)
        ]
        if let answer { commit.answer = (ticket: answer.0, answer: answer.1) }
        _ = try await calls.commit(commit)
    }
}
