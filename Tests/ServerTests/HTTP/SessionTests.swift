import Domain
import Foundation
import JSON
import Ledger
import Routing
import ScriptedUpstream
import Steps
import Testing
import Upstream

@Suite("Sessions over HTTP")
struct SessionTests {
    private let usage = ScriptedUsage(promptTokens: 100, completionTokens: 10)

    /// The cheap model suffices for the whole request, but for no single step.
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

    @Test("a session that changes its history loses its commitment, reports it, and continues")
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
            #expect(try await service.stepService.ledger.read { try $0.entries(ofRun: "agent-1") }.count == 3)
            #expect(try await service.stepService.ledger.read { try $0.verify() }.isSound)
        }
    }

    /// Sends a session's call to a node and returns its decision.
    private func decision(
        _ body: String, session: String, at node: TestService, key: String? = nil
    ) async throws -> JSONValue {
        let access = key.map { [("authorization", "Bearer \($0)")] } ?? []
        let answer = try await node.send(
            "POST", "/v1/chat/completions", body: body, headers: [("x-hera-session", session)] + access)
        try #require(answer.status == 200, "\(answer.text)")
        let id = try #require(answer.headers["x-hera-decision"])
        return try await node.json("GET", "/v1/decisions/\(id)").root
    }

    private func gist(_ decision: JSONValue) -> [String?] {
        ["model", "stage", "reason", "reference"].map { decision[$0]?.string }
            + ["position", "kappa"].map { decision[$0].map { String(decoding: $0.raw, as: UTF8.self) } }
    }

    @Test(
        "a loop of tools that goes over two nodes decides as on one, and the whole request stays where it was given",
        arguments: [true, false])
    func overNodes(isCommitted: Bool) async throws {
        let usage = usage
        let estimator: any Estimating = isCommitted ? WholeRequest() : TestEstimator(similarity: 0.66)
        try await TestService.withNodes(2, estimator: estimator) { _ in
            .completion("ok", usage: usage)
        } _: { nodes async throws in
            var summaries: [[[String?]]] = [[], []]
            for (run, places) in [[0, 0, 0, 0, 0, 0], [0, 1, 1, 0, 1, 0]].enumerated() {
                for (turns, place) in places.enumerated() {
                    summaries[run].append(
                        gist(
                            try await decision(
                                body("Find the file", turns: turns), session: "run-\(run)", at: nodes[place])))
                }
            }
            #expect(summaries[0] == summaries[1])
            if isCommitted {
                #expect(Set(summaries[1].map { $0[0] }).count == 1, "it stays on one model")
                #expect(summaries[1][0][1] == "urc")
                #expect(summaries[1][1...].allSatisfy { $0[2]?.hasPrefix("stays on test/cheap: the whole") == true })
            }
            #expect(try await nodes[1].stepService.ledger.read { try $0.verify() }.isSound)
        }
    }

    @Test("a history that is changed is seen at another node, and two keys' sessions of one name are two")
    func historyOverNodes() async throws {
        let usage = usage
        try await TestService.withNodes(2, estimator: WholeRequest()) { _ in
            .completion("ok", usage: usage)
        } _: { nodes async throws in
            let ledger = nodes[0].stepService.ledger
            var keys: [String] = []
            for _ in 0..<2 {
                keys.append(try await ledger.createKey(AccessKey(createdAt: .now()), budgets: []))
            }
            _ = try await decision(body("Find the file", turns: 0), session: "s", at: nodes[0], key: keys[0])
            _ = try await decision(body("Find the file", turns: 1), session: "s", at: nodes[1], key: keys[0])
            let changed = try await decision(
                body("Delete the file", turns: 2), session: "s", at: nodes[0], key: keys[0])
            let lines = Array(try #require(changed["considered"]?.elements)).compactMap(\.string)
            #expect(
                lines.contains { $0.hasPrefix("history: messages before step 2 were changed; dropped the commitment") },
                "\(lines)")
            // The other key's session of that name has no such history.
            let other = try await decision(body("Delete the file", turns: 2), session: "s", at: nodes[1], key: keys[1])
            let none = Array(try #require(other["considered"]?.elements)).compactMap(\.string)
            #expect(!none.contains { $0.hasPrefix("history:") }, "\(none)")
        }
    }

    @Test("a node alone looks a session up where it does not know it, as after a restart, and not again")
    func restart() async throws {
        let usage = usage
        try await TestService.withNodes(2, estimator: WholeRequest()) { _ in
            .completion("ok", usage: usage)
        } _: { nodes async throws in
            // No heartbeat was sent, so each node assumes that it is alone.
            for node in nodes { try await node.stepService.ledger.exchangeRates(at: .now()) }
            #expect(!nodes[1].stepService.ledger.hasOtherNodes)
            _ = try await decision(body("Find the file", turns: 0), session: "s", at: nodes[0])
            let second = try await decision(body("Find the file", turns: 1), session: "s", at: nodes[1])
            #expect(second["reason"]?.string == "stays on test/cheap: the whole request was given to it")
            #expect(nodes[1].stepService.sessions.known("s")?.version == 2)
            _ = try await decision(body("Find the file", turns: 2), session: "s", at: nodes[1])
            // The first node still assumes that it is alone and uses its cache.
            #expect(nodes[0].stepService.sessions.known("s")?.version == 1)
            _ = try await decision(body("Find the file", turns: 3), session: "s", at: nodes[0])
            #expect(nodes[0].stepService.sessions.known("s")?.version == 2)
        }
    }

    @Test("a job that continues at another node keeps its commitment")
    func jobOverNodes() async throws {
        let usage = usage
        try await TestService.withNodes(2, estimator: WholeRequest()) { request in
            let results = request.bodyText.components(separatedBy: #""role":"tool""#).count - 1
            return results < 3
                ? .toolCall("look", arguments: "{}", id: "call_\(results)", usage: usage)
                : .completion("found", usage: usage)
        } _: { nodes async throws in
            let body = #"""
                {"input":"Find the file","agent":{"max_steps":5,"tools":[{"type":"function","function":{"name":"look",
                "description":"looks","parameters":{"type":"object","properties":{}}}}]}}
                """#
            let id = try #require(try await nodes[0].json("POST", "/v1/jobs", body: body).root["id"]?.string)
            // The job changes nodes, whichever begins it.
            for turn in 0..<3 {
                let node = nodes[turn % 2]
                let paused = try await node.job(id, reaches: ["requires_action", "completed", "failed"])
                let call = try #require(
                    paused["required_action"]?["tool_calls"]?.elements.compactMap { $0["id"]?.string }.first)
                let outputs = #"{"tool_outputs":[{"tool_call_id":"\#(call)","output":"seen"}]}"#
                let accepted = try await node.json("POST", "/v1/jobs/\(id)/tool_outputs", body: outputs)
                #expect(accepted.status == 200)
            }
            let done = try await nodes[0].job(id, reaches: ["completed", "failed"])
            let steps = Array(try #require(done["steps"]?.elements))
            #expect(steps.count == 4 && done["status"]?.string == "completed")
            #expect(steps.first?["stage"]?.string == "urc")
            let reasons = steps.dropFirst().map { $0["reason"]?.string }
            #expect(Set(reasons) == ["stays on test/cheap: the whole request was given to it"])
        }
    }

    @Test("an unavailable reference is replaced by the best remaining model, and only billed calls are booked")
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
            #expect(try await service.stepService.ledger.read { try $0.openReservations() }.isEmpty)
            #expect(try await service.stepService.ledger.read { try $0.verify() }.isSound)
        }
    }
}
