package import Core
import Ledger
import Synchronization
import Upstream

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
        let order = try route(request, from: caller)
        return request.isStream ? try await streamed(order) : try await whole(order)
    }

    /// The decision that `chat` would make, without calling anybody.
    package func dryRun(_ request: ChatRequest, from caller: Caller) throws(EngineError) -> Decision {
        try route(request, from: caller, remembers: false).decision
    }

    private func whole(_ order: StepOrder) async throws(EngineError) -> ChatReply {
        let result = await pool.result { () -> Result<StepOutcome, EngineError> in
            do throws(EngineError) {
                let outcome = try await self.caller.answer(order)
                try await self.book(outcome, order)
                return .success(outcome)
            } catch {
                return .failure(error)
            }
        }
        guard let result else { throw .shuttingDown }
        let outcome = try result.get()
        return ChatReply(
            decision: order.decision, model: outcome.model, cost: outcome.figures.cost.total,
            body: .complete(outcome.body))
    }

    private func streamed(_ order: StepOrder) async throws(EngineError) -> ChatReply {
        let relay = Relay()
        let reader = relay.reader()
        let beginning = Beginning()
        let delivery = StreamDelivery(relay: relay, wantsUsage: order.request.wantsUsageChunk) { model in
            beginning.resolve(.success(model))
        }
        let isTaken = pool.submit {
            do throws(EngineError) {
                let outcome = try await self.caller.answer(order, delivery: delivery)
                try await self.book(outcome, order)
                if let failure = outcome.failure {
                    _ = await relay.send(ErrorBody.event(message: "\(outcome.model) broke off: \(failure)"))
                } else {
                    _ = await relay.send(Array("data: [DONE]\n\n".utf8))
                }
            } catch {
                if !beginning.resolve(.failure(error)) {
                    _ = await relay.send(ErrorBody.event(message: error.description))
                }
            }
            relay.finish()
        }
        guard isTaken else { throw .shuttingDown }
        let model = try await beginning.value()
        return ChatReply(decision: order.decision, model: model, cost: nil, body: .stream(reader))
    }

    /// Closes the books on a chat step: entry, decision and step in one transaction.
    private func book(_ outcome: StepOutcome, _ order: StepOrder) async throws(EngineError) {
        var commit = outcome.commit
        let now = Timestamp.now()
        commit.decisions.append(DecisionRecord(decision: order.decision, attribution: order.attribution, at: now))
        commit.steps.append(
            StepRecord(
                id: order.step.id, runID: order.step.runID, position: order.step.position,
                decisionID: order.decision.id, entryID: outcome.entryID, model: outcome.model, detail: Array("{}".utf8),
                at: now))
        do throws(LedgerError) {
            _ = try await ledger.commitStep(commit)
        } catch {
            throw .ledger(error)
        }
        var memory = sessions.memory(of: order.step.runID)
        memory.lastModel = outcome.model
        sessions.remember(memory, of: order.step.runID)
    }
}

/// The beginning of a stream, awaited by one and told once.
private final class Beginning: Sendable {
    private enum State {
        case open
        case awaited(CheckedContinuation<Result<ModelID, EngineError>, Never>)
        case resolved(Result<ModelID, EngineError>)
    }

    private let state = Mutex(State.open)

    /// False where it was told before.
    @discardableResult
    func resolve(_ result: Result<ModelID, EngineError>) -> Bool {
        state.withLock { state in
            switch state {
            case .open: state = .resolved(result)
            case .awaited(let continuation):
                continuation.resume(returning: result)
                state = .resolved(result)
            case .resolved: return false
            }
            return true
        }
    }

    func value() async throws(EngineError) -> ModelID {
        let result = await withCheckedContinuation { continuation in
            state.withLock { state in
                if case .resolved(let result) = state {
                    continuation.resume(returning: result)
                } else {
                    state = .awaited(continuation)
                }
            }
        }
        return try result.get()
    }
}
