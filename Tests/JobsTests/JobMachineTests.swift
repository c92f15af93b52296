import Dialects
import Domain
import Jobs
import TestSupport
import Testing
import Upstream

@Suite("Job machine")
struct JobMachineTests {
    private func machine(_ spec: JobSpec) -> JobMachine { JobMachine(spec: spec, state: JobState(of: spec)) }

    private let calculator = AgentSpec(instructions: "be brief", tools: [.calculator], maxSteps: 3)

    private func call(_ expression: String, id: String = "c1") -> ToolCall {
        ToolCall(id: id, name: "calculator", arguments: #"{"expression": "\#(expression)"}"#)
    }

    private func messages(_ machine: JobMachine, _ thread: Int = 0) -> [String] {
        machine.state.threads[thread].messages.map { String(decoding: $0, as: UTF8.self) }
    }

    @Test("a chain calls the model, runs the calculator, calls again and completes")
    func chain() {
        var machine = machine(JobSpec(input: "6*7?", agent: calculator))
        #expect(machine.handle(.claimed) == [.call(thread: "")])
        #expect(machine.state.status == .running)
        let actions = machine.handle(.answered(thread: "", StepAnswer(text: "", toolCalls: [call("6*7")])))
        #expect(actions == [.ranTool(thread: "", call("6*7"), result: "42"), .call(thread: "")])
        #expect(messages(machine).last == #"{"role":"tool","tool_call_id":"c1","content":"42"}"#)
        #expect(machine.state.threads[0].nextPosition == 2)
        #expect(machine.handle(.answered(thread: "", StepAnswer(text: "It is 42."))) == [.finish])
        #expect(machine.state.status == .completed)
        #expect(machine.state.outputs.map(\.text) == ["It is 42."])
    }

    @Test("the last step offers no tools, and further tool calls fail the job with advice")
    func lastStep() {
        var machine = machine(JobSpec(input: "x", agent: calculator))
        _ = machine.handle(.claimed)
        #expect(machine.offeredTools(thread: "") == [.calculator])
        _ = machine.handle(.answered(thread: "", StepAnswer(text: "", toolCalls: [call("1")])))
        _ = machine.handle(.answered(thread: "", StepAnswer(text: "", toolCalls: [call("2")])))
        #expect(machine.offeredTools(thread: "").isEmpty)
        #expect(machine.handle(.answered(thread: "", StepAnswer(text: "", toolCalls: [call("3")]))) == [.finish])
        #expect(machine.state.status == .failed)
        #expect(machine.state.error == "no answer after 3 steps: raise agent.max_steps, or simplify the task")
    }

    @Test("an http tool is fetched while the job runs, and again after a restart")
    func http() throws {
        let tool = Tool.http(name: "h", description: "", parameters: Array("{}".utf8), url: "https://a.example/h")
        var machine = machine(JobSpec(input: "x", agent: AgentSpec(tools: [tool])))
        _ = machine.handle(.claimed)
        let calls = ["a", "b"].map { ToolCall(id: $0, name: "h", arguments: "{}") }
        let asked = machine.handle(.answered(thread: "", StepAnswer(text: "", toolCalls: calls)))
        #expect(asked == calls.map { .fetch(thread: "", $0) })
        #expect(machine.state.status == .running)
        let first = machine.handle(.fetched(thread: "", ToolOutput(callID: "b", output: "2")))
        #expect(first == [.ranTool(thread: "", calls[1], result: "2")])
        #expect(machine.handle(.fetched(thread: "", ToolOutput(callID: "b", output: "3"))).isEmpty)

        let saved = try #require(JobState(json: machine.state.json))
        #expect(saved == machine.state)
        var restarted = JobMachine(spec: machine.spec, state: saved)
        #expect(restarted.handle(.claimed) == [.fetch(thread: "", calls[0])])
        let second = restarted.handle(.fetched(thread: "", ToolOutput(callID: "a", output: "1")))
        #expect(second == [.ranTool(thread: "", calls[0], result: "1"), .call(thread: "")])
        #expect(messages(restarted).suffix(2).map { $0.contains("tool_call_id") } == [true, true])
    }

    @Test("a client function pauses the job until all outputs arrive")
    func functions() {
        let tools: [Tool] = [.function(name: "f", description: "", parameters: Array("{}".utf8))]
        var machine = machine(JobSpec(input: "x", agent: AgentSpec(tools: tools)))
        _ = machine.handle(.claimed)
        let calls = ["a", "b"].map { ToolCall(id: $0, name: "f", arguments: "{}") }
        #expect(
            machine.handle(.answered(thread: "", StepAnswer(text: "", toolCalls: calls))) == [.requireOutputs(calls)])
        #expect(machine.state.status == .requiresAction)
        let one = machine.handle(.toolOutputs([ToolOutput(callID: "b", output: "2")]))
        #expect(one == [.requireOutputs([calls[0]])])
        #expect(machine.handle(.toolOutputs([ToolOutput(callID: "a", output: "1")])) == [.call(thread: "")])
        #expect(machine.state.status == .running)
    }

    @Test("a call of an unknown tool returns an error to the model")
    func unknownTool() {
        var machine = machine(JobSpec(input: "x", agent: calculator))
        _ = machine.handle(.claimed)
        let answer = StepAnswer(text: "", toolCalls: [ToolCall(id: "1", name: "google", arguments: "{}")])
        #expect(machine.handle(.answered(thread: "", answer)) == [.call(thread: "")])
        #expect(messages(machine).last?.contains("error: there is no tool 'google'; there are: calculator") == true)
    }

    @Test("ready subtasks run concurrently, dependents receive their inputs, and positions equal depths")
    func graph() {
        let spec = JobSpec(
            input: "all",
            subtasks: [
                Subtask(id: "sum", prompt: "add", dependsOn: ["a", "b"]), Subtask(id: "a", prompt: "1"),
                Subtask(id: "b", prompt: "2"),
            ])
        var machine = machine(spec)
        #expect(machine.handle(.claimed) == [.call(thread: "a"), .call(thread: "b")])
        #expect(machine.handle(.answered(thread: "b", StepAnswer(text: "two"))).isEmpty)
        #expect(machine.handle(.answered(thread: "a", StepAnswer(text: "one"))) == [.call(thread: "sum")])
        #expect(machine.state.threads[0].nextPosition == 2)
        let prompt = messages(machine).last ?? ""
        #expect(prompt.contains("Result of a:\\none") && prompt.contains("Result of b:\\ntwo"))
        #expect(machine.handle(.answered(thread: "sum", StepAnswer(text: "three"))) == [.finish])
        #expect(machine.state.status == .completed)
    }

    @Test("one failed subtask fails the job, and later answers are ignored")
    func failure() {
        let spec = JobSpec(input: "", subtasks: [Subtask(id: "a", prompt: "1"), Subtask(id: "b", prompt: "2")])
        var machine = machine(spec)
        _ = machine.handle(.claimed)
        #expect(machine.handle(.stepFailed(thread: "a", reason: "nobody answers")) == [.finish])
        #expect(machine.state.error == "subtask a: nobody answers")
        #expect(machine.handle(.answered(thread: "b", StepAnswer(text: "late"))).isEmpty)
        #expect(machine.state.status == .failed)
    }

    @Test("after a restart the call in flight is repeated from the saved state")
    func restart() throws {
        let spec = JobSpec(input: "x", agent: calculator)
        var machine = machine(spec)
        _ = machine.handle(.claimed)
        _ = machine.handle(.answered(thread: "", StepAnswer(text: "", toolCalls: [call("1+1")])))
        let saved = try #require(JobState(json: machine.state.json))
        #expect(saved == machine.state)
        var second = JobMachine(spec: spec, state: saved)
        #expect(second.handle(.claimed) == [.call(thread: "")])
        #expect(second.state.threads[0].stepsTaken == 1, "the paid step is kept")
    }

    @Test("a cancelled job is final")
    func cancelled() {
        var machine = machine(JobSpec(input: "x"))
        _ = machine.handle(.claimed)
        #expect(machine.handle(.cancelled) == [.finish])
        #expect(machine.handle(.answered(thread: "", StepAnswer(text: "late"))).isEmpty)
        #expect(machine.state.status == .cancelled)
    }

    @Test("every event order ends the job without a stall")
    func property() {
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<500 {
            let count = Int.random(in: 1...6, using: &generator)
            let subtasks = (0..<count).map { index in
                Subtask(
                    id: "t\(index)", prompt: "p",
                    dependsOn: (0..<index).filter { _ in Bool.random(using: &generator) }.map { "t\($0)" })
            }
            let none = Array("{}".utf8)
            let tools: [Tool] = [
                .calculator, .function(name: "f", description: "", parameters: none),
                .http(name: "h", description: "", parameters: none, url: "https://a.example"),
            ]
            var machine = machine(JobSpec(input: "", agent: AgentSpec(tools: tools, maxSteps: 3), subtasks: subtasks))
            var open = machine.handle(.claimed)
            var rounds = 0
            while !machine.state.status.isFinal, rounds < 200 {
                rounds += 1
                let calling = machine.state.threads.filter { $0.phase == .calling }.map(\.id)
                if machine.state.status == .requiresAction {
                    #expect(calling.isEmpty)
                    let outputs = machine.state.pendingCalls.map { ToolOutput(callID: $0.id, output: "1") }
                    #expect(!outputs.isEmpty)
                    open = machine.handle(.toolOutputs(outputs))
                    continue
                }
                let fetching = machine.state.threads.flatMap { thread in thread.fetching.map { (thread.id, $0.id) } }
                #expect(!calling.isEmpty || !fetching.isEmpty)
                if let (thread, id) = fetching.randomElement(using: &generator),
                    calling.isEmpty || Bool.random(using: &generator)
                {
                    open = machine.handle(.fetched(thread: thread, ToolOutput(callID: id, output: "1")))
                    continue
                }
                guard let thread = calling.randomElement(using: &generator) else { break }
                let kind = Int.random(in: 0...9, using: &generator)
                let answer =
                    switch kind {
                    case 0...5: StepAnswer(text: "done")
                    case 6: StepAnswer(text: "", toolCalls: [call("1+1", id: "c\(rounds)")])
                    case 7:
                        StepAnswer(
                            text: "",
                            toolCalls: ["f", "h"].map { ToolCall(id: "\($0)\(rounds)", name: $0, arguments: "{}") })
                    default:
                        StepAnswer(text: "", toolCalls: [ToolCall(id: "x\(rounds)", name: "nobody", arguments: "?")])
                    }
                open = machine.handle(.answered(thread: thread, answer))
            }
            #expect(machine.state.status.isFinal)
            #expect(open.last == .finish)
        }
    }
}
