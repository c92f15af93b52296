import Calls
import Dialects
import Domain
import Routing
import Synchronization

extension StepService {
    /// Answers as a stream. Events go out as they come, or after the verification where the policy says so.
    func streamed(_ step: RoutedStep, _ session: String) async throws -> ChatReply {
        let channel = EventChannel()
        let reader = channel.reader()
        let firstByte = FirstByteSignal()
        let policy = step.prepared.context.policy
        let delivery = StreamDelivery(
            channel: channel, wantsUsage: step.prepared.request.wantsUsageChunk,
            wantsEarlyUsage: step.prepared.request.original?.dialect == .anthropic,
            isHeldBack: policy.verify && policy.verification.stream == .buffer || checksAnswers
        ) { model in
            firstByte.resolve(.success(model))
        }
        let isTaken = pool.submit {
            let result =
                delivery.isHeldBack
                ? await self.keepingAlive(channel, firstByte) { await self.result(of: step, delivery) }
                : await self.result(of: step, delivery)
            await self.end(result, delivery: delivery, firstByte, session)
            channel.finish()
        }
        guard isTaken else { throw ServiceError.shuttingDown }
        let model = try await firstByte.value()
        return ChatReply(
            decision: step.machine.decision, model: model, cost: nil, promptTokens: step.prepared.step.promptTokens,
            at: .now(), body: .stream(reader))
    }

    /// Sends the events held back, commits the step, and sends the end.
    private func end(
        _ result: Result<FinishedStep, any Error>, delivery: StreamDelivery, _ firstByte: FirstByteSignal,
        _ session: String
    ) async {
        let channel = delivery.channel
        do {
            let done = try result.get()
            if delivery.isHeldBack {
                firstByte.resolve(.success(done.outcome.model))
                _ = await channel.send(done.outcome.held)
            }
            try await book(done, session)
            if let failure = done.outcome.failure {
                _ = await channel.send(.failure(message: "\(done.outcome.model) broke off: \(failure)"))
            } else {
                _ = await channel.send(.done)
            }
            learn(from: done.prepared, done.outcome)
        } catch {
            if !firstByte.resolve(.failure(error)) {
                _ = await channel.send(.failure(message: "\(error)", code: (error as? GuardrailError)?.code))
            }
        }
    }

    private func result(of step: RoutedStep, _ delivery: StreamDelivery) async -> Result<FinishedStep, any Error> {
        do {
            return .success(try await perform(step, delivery: delivery))
        } catch {
            return .failure(error)
        }
    }

    /// Sends comments now and then during `work`, so that no proxy closes the idle connection.
    private func keepingAlive<Value: Sendable>(
        _ channel: EventChannel, _ firstByte: FirstByteSignal, _ work: @escaping @Sendable () async -> Value
    ) async -> Value {
        let pause = Duration.seconds(settings.limits.keepAliveSeconds)
        return await withTaskGroup(of: Value?.self) { group in
            group.addTask { await work() }
            group.addTask {
                while (try? await Task.sleep(for: pause)) != nil {
                    firstByte.resolve(.success(nil))
                    if !(await channel.send(.comment("the answer is being checked"))) { break }
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

/// The firstByte of a stream: resolved once, awaited by one task.
private final class FirstByteSignal: Sendable {
    private enum State {
        case open
        case awaited(CheckedContinuation<Result<ModelID?, any Error>, Never>)
        case resolved(Result<ModelID?, any Error>)
    }

    private let state = Mutex(State.open)

    /// Returns false where it was resolved before.
    @discardableResult
    func resolve(_ result: Result<ModelID?, any Error>) -> Bool {
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

    func value() async throws -> ModelID? {
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
