import Calls
import Dialects
import Domain
import Routing
import Synchronization

extension StepService {
    /// Answers as a stream: bytes go out as they come, or after the verdict where the answer is verified first.
    func streamed(_ step: RoutedStep, _ session: String) async throws(ServiceError) -> ChatReply {
        let relay = ByteChannel()
        let reader = relay.reader()
        let beginning = FirstByteSignal()
        let policy = step.order.context.policy
        let delivery = StreamDelivery(
            relay: relay, wantsUsage: step.order.request.wantsUsageChunk,
            isHeldBack: policy.verify && policy.verification.stream == .buffer
        ) { model in
            beginning.resolve(.success(model))
        }
        let isTaken = pool.submit {
            let result =
                delivery.isHeldBack
                ? await self.keepingAlive(relay, beginning) { await self.result(of: step, delivery) }
                : await self.result(of: step, delivery)
            await self.end(result, delivery: delivery, beginning, session)
            relay.finish()
        }
        guard isTaken else { throw .shuttingDown }
        let model = try await beginning.value()
        return ChatReply(
            decision: step.course.decision, model: model, cost: nil, promptTokens: step.order.step.promptTokens,
            body: .stream(reader))
    }

    /// Sends what was held back, closes the books, and tells the end.
    private func end(
        _ result: Result<FinishedStep, ServiceError>, delivery: StreamDelivery, _ beginning: FirstByteSignal,
        _ session: String
    ) async {
        let relay = delivery.relay
        do throws(ServiceError) {
            let done = try result.get()
            if delivery.isHeldBack {
                beginning.resolve(.success(done.outcome.model))
                _ = await relay.send(done.outcome.body)
            }
            try await book(done, session)
            if let failure = done.outcome.failure {
                _ = await relay.send(ErrorBody.event(message: "\(done.outcome.model) broke off: \(failure)"))
            } else {
                _ = await relay.send(Array("data: [DONE]\n\n".utf8))
            }
            learn(from: done.order, done.outcome)
        } catch {
            if !beginning.resolve(.failure(error)) {
                _ = await relay.send(ErrorBody.event(message: error.description))
            }
        }
    }

    private func result(of step: RoutedStep, _ delivery: StreamDelivery) async -> Result<FinishedStep, ServiceError> {
        do throws(ServiceError) {
            return .success(try await perform(step, delivery: delivery))
        } catch {
            return .failure(error)
        }
    }

    /// Does work, and meanwhile sends comments now and then, so that nobody on the way takes the connection for dead.
    private func keepingAlive<Value: Sendable>(
        _ relay: ByteChannel, _ beginning: FirstByteSignal, _ work: @escaping @Sendable () async -> Value
    ) async -> Value {
        let pause = Duration.seconds(settings.limits.keepAliveSeconds)
        return await withTaskGroup(of: Value?.self) { group in
            group.addTask { await work() }
            group.addTask {
                while (try? await Task.sleep(for: pause)) != nil {
                    beginning.resolve(.success(nil))
                    if !(await relay.send(Array(": the answer is being checked\n\n".utf8))) { break }
                }
                return nil
            }
            while let value = await group.next() {
                guard let value else { continue }
                group.cancelAll()
                return value
            }
            preconditionFailure("the work has a value")
        }
    }
}

/// The beginning of a stream, awaited by one and told once.
private final class FirstByteSignal: Sendable {
    private enum State {
        case open
        case awaited(CheckedContinuation<Result<ModelID?, ServiceError>, Never>)
        case resolved(Result<ModelID?, ServiceError>)
    }

    private let state = Mutex(State.open)

    /// False where it was told before.
    @discardableResult
    func resolve(_ result: Result<ModelID?, ServiceError>) -> Bool {
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

    func value() async throws(ServiceError) -> ModelID? {
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
