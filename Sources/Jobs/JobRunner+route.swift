import Calls
import Catalog
import Dialects
import Domain
import JSON
import Ledger
import Routing
import Steps

/// Routing of a job's next step.
extension JobRunner {
    /// The next request of a thread.
    func request(of thread: String) throws -> ChatRequest {
        do {
            let body = JobBody.chat(
                messages: try jobThread(thread).messages, tools: machine.offeredTools(thread: thread))
            return try ChatRequest(try JSONDocument(body))
        } catch let error as JSONError {
            throw FieldError("messages", "\(error)")
        }
    }

    private func jobThread(_ id: String) throws -> JobThread {
        guard let found = machine.state.threads.first(where: { $0.id == id }) else {
            throw ServiceError.notFound(kind: "subtask", id: id)
        }
        return found
    }

    /// Routes a request of a thread.
    func routed(_ thread: String, _ request: ChatRequest) throws -> RoutedStep {
        let jobThread = try jobThread(thread)
        let memory = memories[thread] ?? Sessions.Memory()
        var step = request.step(
            id: Identifier.make("step"), runID: id, previousModel: memory.lastModel, after: memory.state.historyEnd)
        step.position = jobThread.nextPosition
        step.previousWay = memory.lastWay
        let policy = machine.spec.policy
        let policyName = machine.spec.metadata["policy"]
        var context = RoutingContext(
            models: stepService.registry.models(at: .now()), economics: stepService.settings.economics,
            policy: policy, remaining: remaining, horizon: horizon(jobThread),
            shape: machine.spec.subtasks.isEmpty ? .chain : .siblings,
            catalogVersion: stepService.registry.catalog.version,
            kappaOffset: stepService.learning.kappaOffset(policyName: policyName, policy: policy))
        context.priceFactor = stepService.learning.priceFactor(policyName: policyName, policy: policy)
        let stepMachine = try stepService.begin(step, state: memory.state, context: &context)
        var decision = stepMachine.decision
        // The first action may be a helper call, before the step's own model is settled.
        if decision.reason.isEmpty { decision.reason = stepMachine.action.reason }
        let prepared = PreparedStep(
            request: request, step: step, decision: decision, context: context, attribution: record.attribution,
            policyName: policyName)
        return RoutedStep(prepared: prepared, machine: stepMachine, memory: memory)
    }

    private var remaining: Remaining {
        let policy = machine.spec.policy
        let elapsed = Double(Timestamp.now().milliseconds - record.createdAt.milliseconds) / 1000
        return Remaining(
            budget: policy.budget.map { (try? $0.subtracting(spent)) ?? .zero },
            seconds: policy.deadlineSeconds.map { max($0 - elapsed, 0) },
            joules: policy.energyJoules.map { max($0 - spentJoules, 0) },
            carbonGrams: policy.plan.carbonGrams.map {
                max($0 - stepService.settings.economics.gramsCO2e(joules: spentJoules), 0)
            })
    }

    /// Expected remaining steps, this one included: one per open subtask of a graph, about three in a chain with tools.
    private func horizon(_ thread: JobThread) -> Int {
        guard machine.spec.subtasks.isEmpty else {
            return machine.state.threads.count { $0.phase != .done && $0.phase != .failed }
        }
        guard !machine.spec.agent.tools.isEmpty else { return 1 }
        return max(1, min(3, machine.spec.agent.maxSteps) - thread.stepsTaken)
    }

    func answer(from outcome: StepOutcome, step: String, thread: String) -> StepAnswer {
        var calls = outcome.answer.toolCalls
        // Results are told apart by the ids of their calls, which some servers leave out or repeat.
        var seen: Set<String> = [""]
        for index in calls.indices where !seen.insert(calls[index].id).inserted {
            calls[index].id = "\(step)_\(index)"
        }
        let seal = outcome.answer.seal(of: calls)
        calls = calls.map { ToolCall(id: $0.id, name: $0.name, arguments: $0.arguments) }
        let offered = machine.offeredTools(thread: thread).map(\.name)
        if calls.isEmpty {
            calls = WrittenToolCall.calls(in: outcome.answer.text, offered: offered, idPrefix: "\(step)_")
        }
        return StepAnswer(text: outcome.answer.text, toolCalls: calls, seal: seal)
    }
}
