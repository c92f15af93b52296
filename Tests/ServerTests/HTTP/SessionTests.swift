import Core
import Engine
import Ledger
import Routing
import ScriptedUpstream
import Testing
import Upstream

@Suite("Calls of one agent run over HTTP")
struct SessionTests {
    private let usage = ScriptedUsage(promptTokens: 100, completionTokens: 10)

    /// The whole request can go to the cheap model; no step by itself can.
    private struct WholeRequest: Estimating, StepEstimates {
        func estimates(of text: StepText, for models: [Model]) -> any StepEstimates { self }
        func prediction(for model: Model) -> Prediction { TestEstimator().prediction(for: model) }
        func requestSimilarity(of model: Model, to reference: Model) -> Double { 0.9 }
        func stepSimilarity(of model: Model, to reference: Model) -> Double { 0.2 }
    }

    private func body(_ request: String, turns: Int) -> String {
        var messages = [#"{"role":"user","content":"\#(request)"}"#]
        for turn in 0..<turns {
            messages.append(
                #"{"role":"assistant","content":null,"tool_calls":[{"id":"c\#(turn)","type":"function","function":{"name":"look","arguments":"{}"}}]}"#
            )
            messages.append(#"{"role":"tool","tool_call_id":"c\#(turn)","content":"seen"}"#)
        }
        return #"{"model":"hera","messages":[\#(messages.joined(separator: ","))]}"#
    }

    @Test("a session that changes its history loses what it was promised, is told so, and goes on")
    func history() async throws {
        let usage = usage
        try await TestService.with(estimator: WholeRequest()) { _ in
            .completion("ok", usage: usage)
        } _: { service async throws in
            func call(_ request: String, turns: Int) async throws -> JSONValue {
                let answer = try await service.send(
                    "POST", "/v1/chat/completions", body: body(request, turns: turns),
                    headers: [("x-hera-session", "agent-1")])
                #expect(answer.status == 200)
                let id = try #require(answer.headers["x-hera-decision"])
                return try await service.json("GET", "/v1/decisions/\(id)").root
            }
            let first = try await call("Find the file", turns: 0)
            #expect(first["stage"]?.string == "urc")
            #expect(first["model"]?.string == "test/cheap")
            let second = try await call("Find the file", turns: 1)
            #expect(second["position"]?.integer == 2)
            #expect(second["reason"]?.string == "stays on test/cheap: the whole request was given to it")
            let changed = try await call("Delete the file", turns: 2)
            #expect(changed["position"]?.integer == 3)
            let lines = Array(try #require(changed["considered"]?.elements)).compactMap(\.string)
            #expect(
                lines.contains {
                    $0.hasPrefix("history: messages before step 2 were changed; dropped the commitment to test/cheap")
                }, "\(lines)")
            #expect(changed["stage"]?.string == "reference")
            #expect(changed["model"]?.string == "test/dear")
            #expect(try await service.engine.ledger.entries(ofRun: "agent-1").count == 3)
            #expect(try await service.engine.ledger.verify().isSound)
        }
    }

    @Test("a reference that is down is stood in for by the best that is left, and only what was billed is booked")
    func referenceDown() async throws {
        let usage = usage
        try await TestService.with(estimator: TestEstimator(similarity: 0.2)) { request in
            request.model == "test/dear" ? .status(503) : .completion("4", usage: usage)
        } _: { service async throws in
            let answer = try await service.send("POST", "/v1/chat/completions", body: body("What is 2+2?", turns: 0))
            #expect(answer.status == 200)
            #expect(answer.headers["x-hera-model"] == "test/cheap")
            #expect(answer.headers["x-hera-cost-usd"] == "0.00012")
            let id = try #require(answer.headers["x-hera-decision"])
            let decision = try await service.json("GET", "/v1/decisions/\(id)").root
            #expect(decision["reference"]?.string == "test/dear")
            #expect(decision["reason"]?.string == "test/cheap: the best that is left; test/dear is down")
            let attempts = Array(try #require(decision["attempts"]?.elements))
            #expect(attempts.map { $0["model"]?.string } == ["test/dear", "test/cheap"])
            #expect(attempts.map { $0["accepted"]?.boolean } == [false, true])
            #expect(try await service.engine.ledger.openReservations().isEmpty)
            #expect(try await service.engine.ledger.verify().isSound)
        }
    }
}
