import Dialects
package import Domain
import Upstream

/// State machine of a job: events in, actions out. No I/O.
///
/// A chain is a loop: the model calls tools until it answers without a call or has taken `max_steps` steps. The last
/// step offers no tools, which forces an answer. A graph runs one loop per subtask, each as soon as its dependencies
/// are done.
package struct JobMachine: Sendable {
    package let spec: JobSpec
    package private(set) var state: JobState

    package init(spec: JobSpec, state: JobState) {
        self.spec = spec
        self.state = state
    }

    /// Advances the job. Ignores events after its end, and events for a thread that does not expect them.
    package mutating func handle(_ event: JobSignal) -> [JobAction] {
        guard !state.status.isFinal else { return [] }
        var actions: [JobAction] = []
        switch event {
        case .claimed:
            // The answer of a call in flight is lost with its process: call again.
            for index in state.threads.indices where state.threads[index].phase == .calling {
                state.threads[index].phase = .waiting
            }
            // The same for `http` tools, whose servers know the call by its idempotency key.
            for thread in state.threads {
                actions += thread.fetching.map { .fetch(thread: thread.id, $0) }
            }
        case .answered(let id, let answer):
            guard let index = index(of: id, in: .calling) else { return [] }
            accept(answer, thread: index, actions: &actions)
        case .stepFailed(let id, let reason):
            guard let index = index(of: id, in: .calling) else { return [] }
            fail(thread: index, reason: reason)
        case .toolOutputs(let outputs):
            for output in outputs { accept(output) }
        case .fetched(let id, let output):
            guard let ran = accept(output, fetchedFor: id) else { return [] }
            actions.append(ran)
        case .cancelled:
            state.status = .cancelled
            return [.finish]
        }
        return actions + advance()
    }

    /// Tools of the thread's next step; none in the last step.
    package func offeredTools(thread id: String) -> [Tool] {
        guard let thread = state.threads.first(where: { $0.id == id }) else { return [] }
        let isLast = thread.stepsTaken + 1 >= spec.agent.maxSteps
        return isLast && thread.stepsTaken > 0 ? [] : spec.agent.tools
    }

    // MARK: Events

    private func index(of id: String, in phase: JobThread.Phase) -> Int? {
        state.threads.firstIndex { $0.id == id && $0.phase == phase }
    }

    private mutating func accept(_ answer: StepAnswer, thread index: Int, actions: inout [JobAction]) {
        state.threads[index].stepsTaken += 1
        state.threads[index].messages.append(JobPrompt.assistant(answer))
        guard !answer.toolCalls.isEmpty else {
            state.threads[index].phase = .done
            state.threads[index].output = answer.text
            return
        }
        guard state.threads[index].stepsTaken < spec.agent.maxSteps else {
            fail(
                thread: index,
                reason: "no answer after \(spec.agent.maxSteps) steps: raise agent.max_steps, or simplify the task")
            return
        }
        for call in answer.toolCalls {
            switch spec.agent.tools.first(where: { $0.name == call.name }) {
            case .calculator:
                let result = BuiltInTools.calculator(call.arguments)
                state.threads[index].messages.append(JobPrompt.toolResult(call, output: result))
                actions.append(.ranTool(thread: state.threads[index].id, call, result: result))
            case .function:
                state.threads[index].pending.append(call)
            case .http:
                state.threads[index].fetching.append(call)
                actions.append(.fetch(thread: state.threads[index].id, call))
            case nil:
                let names = spec.agent.tools.map(\.name).joined(separator: ", ")
                let result = "error: there is no tool '\(call.name)'; there are: \(names.isEmpty ? "none" : names)"
                state.threads[index].messages.append(JobPrompt.toolResult(call, output: result))
            }
        }
        state.threads[index].phase = state.threads[index].awaitsTools ? .tools : .waiting
    }

    /// Applies the result of an `http` tool; nil where no call expects it.
    private mutating func accept(_ output: ToolOutput, fetchedFor id: String) -> JobAction? {
        guard let index = index(of: id, in: .tools),
            let position = state.threads[index].fetching.firstIndex(where: { $0.id == output.callID })
        else { return nil }
        let call = state.threads[index].fetching.remove(at: position)
        state.threads[index].messages.append(JobPrompt.toolResult(call, output: output.output))
        if !state.threads[index].awaitsTools { state.threads[index].phase = .waiting }
        return .ranTool(thread: id, call, result: output.output)
    }

    private mutating func accept(_ output: ToolOutput) {
        for index in state.threads.indices {
            guard let position = state.threads[index].pending.firstIndex(where: { $0.id == output.callID }) else {
                continue
            }
            let call = state.threads[index].pending.remove(at: position)
            state.threads[index].messages.append(JobPrompt.toolResult(call, output: output.output))
            if !state.threads[index].awaitsTools { state.threads[index].phase = .waiting }
        }
    }

    private mutating func fail(thread index: Int, reason: String) {
        state.threads[index].phase = .failed
        let name = state.threads[index].id
        state.error = name.isEmpty ? reason : "subtask \(name): \(reason)"
    }

    // MARK: Progress

    /// Starts every ready thread and updates the status.
    private mutating func advance() -> [JobAction] {
        if state.threads.contains(where: { $0.phase == .failed }) {
            state.status = .failed
            return [.finish]
        }
        if state.threads.allSatisfy({ $0.phase == .done }) {
            state.status = .completed
            return [.finish]
        }
        var actions: [JobAction] = []
        for index in state.threads.indices where state.threads[index].phase == .waiting {
            guard let prompt = readyMessages(thread: index) else { continue }
            state.threads[index].messages = prompt
            state.threads[index].phase = .calling
            actions.append(.call(thread: state.threads[index].id))
        }
        if state.threads.contains(where: { $0.phase == .calling || !$0.fetching.isEmpty }) {
            state.status = .running
        } else {
            state.status = .requiresAction
            actions.append(.requireOutputs(state.pendingCalls))
        }
        return actions
    }

    /// The messages of a ready thread; nil while a dependency is open.
    private func readyMessages(thread index: Int) -> [[UInt8]]? {
        let thread = state.threads[index]
        guard thread.messages.isEmpty else { return thread.messages }
        guard thread.id != JobThread.chain else { return JobPrompt.opening(of: spec) }
        guard let subtask = spec.subtasks.first(where: { $0.id == thread.id }) else { return nil }
        var results: [(id: String, text: String)] = []
        for id in subtask.dependsOn {
            guard let output = state.threads.first(where: { $0.id == id })?.output else { return nil }
            results.append((id, output))
        }
        return JobPrompt.opening(of: subtask, results: results, spec: spec)
    }
}
