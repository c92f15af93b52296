import Domain
import Ledger
import Routing
import TestSupport
import Testing

@testable import Steps

/// Session memory in this process and as stored for other nodes.
@Suite struct SessionMemoryTests {
    private func full() -> Sessions.Memory {
        var memory = Sessions.Memory()
        var state = RunState(committed: "test/cheap", span: Span(model: "b", stage: .cd, from: 2, through: 4))
        state.position = 3
        state.historyEnd = StepHistory.End(count: 7, digest: .max - 5)
        memory.recordStep("test/cheap", position: 1, state: state)
        memory.recordStep("test/\"dear\"", position: 2, state: state)
        memory.recordStep(
            "test/\"dear\"", on: .edge, way: AskedWay(effort: .low, sources: ["a \"view\"", "b"]), position: 1,
            state: state)
        return memory
    }

    @Test("a memory round-trips through JSON")
    func json() throws {
        for memory in [full(), Sessions.Memory()] {
            #expect(Sessions.Memory(json: memory.json) == memory)
        }
        #expect(full().lastWay == AskedWay(effort: .low, sources: ["a \"view\"", "b"]))
        #expect(full().recent.map(\.placement) == [.edge, .cloud, .cloud])
        #expect(full().steps == 3 && full().requests == 2 && full().switches == 1 && full().stepsOnLast == 2)
    }

    @Test(
        "invalid JSON is no memory",
        arguments: ["", "[]", "{}", #"{"steps":-1,"requests":1,"steps_on_last":1,"switches":0,"position":1}"#])
    func wrong(_ text: String) {
        #expect(Sessions.Memory(json: Array(text.utf8)) == nil)
    }

    @Test("a state without a plan is small, and plans are kept of the newest runs alone")
    func bounded() {
        #expect(MemoryLayout<RunState>.size <= 160)
        let sessions = Sessions(capacity: 300, planCapacity: 20)
        for number in 0..<1000 {
            _ = sessions.recordStep(
                "a", position: 1, state: RunState(plan: Plan(choices: ["a"], order: ["a"])), of: "s\(number)")
            let counts = sessions.counts
            #expect(counts.sessions <= 300 && counts.plans <= 20)
        }
        #expect(sessions.memory(of: "s999").state.plan != nil)
        #expect(sessions.memory(of: "s950").state.plan == nil && sessions.memory(of: "s950").steps == 1)
        #expect(sessions.counts.plans >= 10)
    }

    @Test("a step is recorded once, and only a newer memory of another node is adopted")
    func passing() {
        let (first, second) = (Sessions(), Sessions())
        let records = (1...3).map { first.recordStep("a", position: $0, state: RunState(), of: "s") }
        #expect(records.map(\.version) == [1, 2, 3])
        second.adopt(records[1])
        #expect(second.memory(of: "s").steps == 2)
        #expect(second.recordStep("b", position: 3, state: RunState(), of: "s").version == 3)
        second.adopt(records[0])
        #expect(second.memory(of: "s").lastModel == "b")
        second.adopt(records[2])
        #expect(second.memory(of: "s").lastModel == "a", "of two nodes that made the same step, the kept one counts")
        #expect(second.known("other") == nil && second.known("s")?.version == 3)
    }

    @Test("a session idle for a day restarts, and the least recently used are evicted beyond the capacity")
    func idle() {
        let sessions = Sessions(capacity: 10)
        let noon = Timestamp(milliseconds: 1_795_262_400_000)
        _ = sessions.recordStep("a", position: 1, state: RunState(), of: "s", at: noon)
        #expect(sessions.memory(of: "s", at: noon.advanced(bySeconds: 86_000)).steps == 1)
        #expect(sessions.memory(of: "s", at: noon.advanced(bySeconds: -1e6)).steps == 1)
        #expect(sessions.known("s", at: noon.advanced(bySeconds: 86_400)) == nil)
        #expect(
            sessions.recordStep("a", position: 1, state: RunState(), of: "s", at: noon.advanced(bySeconds: 90_000))
                .version
                == 1)
        let old = SessionRecord(id: "old", version: 5, body: full().json, at: noon)
        sessions.adopt(old, at: noon.advanced(bySeconds: 86_400 + 3600))
        #expect(sessions.memory(of: "old", at: noon.advanced(bySeconds: 86_400 + 3600)).steps == 0)
        for index in 0..<30 { _ = sessions.recordStep("a", position: 1, state: RunState(), of: "\(index)") }
        #expect(sessions.known("29") != nil && sessions.known("s") == nil)
    }
}
