import Domain
import JSON
import Ledger
import Routing
import ScriptedUpstream
import Steps
import Testing
import Upstream

@Suite("Cascades of verified answers")
struct CascadeTests {
    private let usage = ScriptedUsage(promptTokens: 100, completionTokens: 10)
    private let question =
        #"{"model":"hera","hera":{"verify":true},"messages":[{"role":"user","content":"What is 2+2?"}]}"#

    /// Estimates "4" as right and everything else as wrong.
    private let grader = TestEstimator(acceptance: { _, text in text == "4" ? 0.9 : 0.2 })

    private func entries(_ service: TestService) async throws -> [LedgerEntry] {
        let report = try await service.stepService.ledger.read {
            try $0.dashboard(
                DashboardQuery(from: Timestamp(milliseconds: 0), to: Timestamp(milliseconds: .max), groupBy: [.run]))
        }
        var entries: [LedgerEntry] = []
        for row in report.rows {
            if let run = row.keys.first {
                entries += try await service.stepService.ledger.read { try $0.entries(ofRun: run) }
            }
        }
        return entries
    }

    @Test("an answer below kappa escalates to the next candidate, and both are booked and reported")
    func next() async throws {
        let usage = usage
        try await TestService.with(estimator: grader) { request in
            .completion(request.model == "test/cheap" ? "5" : "4", usage: usage)
        } _: { service async throws in
            let answer = try await service.send("POST", "/v1/chat/completions", body: question)
            #expect(answer.status == 200)
            #expect(answer.headers["x-hera-model"] == "test/dear")
            #expect(
                answer.headers["x-hera-cost-usd"] == "0.00132", "0.00012 for the first answer, 0.0012 for the second")
            let id = try #require(answer.headers["x-hera-decision"])
            let decision = try await service.json("GET", "/v1/decisions/\(id)").root
            let attempts = Array(try #require(decision["attempts"]?.elements))
            #expect(attempts.map { $0["model"]?.string } == ["test/cheap", "test/dear"])
            #expect(attempts.map { $0["score"]?.double } == [0.2, 0.9])
            #expect(attempts.map { $0["accepted"]?.boolean } == [false, true])
            #expect(attempts.allSatisfy { $0["words"]?.string?.isEmpty == false && $0["entry"]?.string != nil })
            let booked = try await entries(service)
            #expect(booked.map(\.call.model) == [TestModels.cheap, TestModels.dear])
            #expect(booked.map(\.result.outcome) == [.failed, .completed])
            #expect(booked.map { $0.call.baseline?.figures.cost.total.nanoUSD } == [0, 1_200_000])
            #expect(try await service.stepService.ledger.read { try $0.openReservations() }.isEmpty)
            #expect(try await service.stepService.ledger.read { try $0.verify() }.isSound)
        }
    }

    @Test("an acceptable answer is returned without further calls")
    func kept() async throws {
        let usage = usage
        try await TestService.with(estimator: grader) { _ in
            .completion("4", usage: usage)
        } _: { service async throws in
            let answer = try await service.send("POST", "/v1/chat/completions", body: question)
            #expect(answer.headers["x-hera-model"] == "test/cheap")
            #expect(service.models.record.requests.count { $0.method == "POST" } == 1)
        }
    }

    @Test("without a passing answer, the best paid one is returned")
    func best() async throws {
        let usage = usage
        let grader = TestEstimator(acceptance: { model, _ in model == TestModels.cheap ? 0.5 : 0.1 })
        try await TestService.with(estimator: grader) { request in
            .completion("from \(request.model)", usage: usage)
        } _: { service async throws in
            let answer = try await service.send("POST", "/v1/chat/completions", body: question)
            #expect(answer.status == 200)
            #expect(answer.headers["x-hera-model"] == "test/cheap")
            #expect(answer.text.contains("from test/cheap"))
            #expect(try await entries(service).count == 2)
            #expect(try await service.stepService.ledger.read { try $0.openReservations() }.isEmpty)
        }
    }

    @Test("a NaN answer estimate falls back to the form check")
    func nan() async throws {
        let usage = usage
        try await TestService.with(estimator: TestEstimator(acceptance: { _, _ in .nan })) { request in
            request.model == "test/cheap" ? .completion("5", usage: usage) : .completion("4", usage: usage)
        } _: { service async throws in
            let answer = try await service.send("POST", "/v1/chat/completions", body: question)
            #expect(answer.status == 200)
            #expect(answer.headers["x-hera-model"] == "test/cheap")
            let id = try #require(answer.headers["x-hera-decision"])
            let decision = try await service.json("GET", "/v1/decisions/\(id)").root
            let first = try #require(decision["attempts"]?.elements.first { _ in true })
            #expect(first["score"] == nil)
            #expect(first["words"]?.string == "in good form")
        }
    }

    @Test("an estimator that predicts NaN is replaced by the tier's prior, and the decision says so")
    func nanPrediction() async throws {
        let usage = usage
        let broken = TestEstimator(cheapQuality: .nan, dearQuality: .nan, similarity: .nan)
        try await TestService.with(estimator: broken) { _ in
            .completion("4", usage: usage)
        } _: { service async throws in
            let body = #"{"model":"hera","messages":[{"role":"user","content":"What is 2+2?"}]}"#
            let answer = try await service.send("POST", "/v1/chat/completions", body: body)
            #expect(answer.status == 200)
            let id = try #require(answer.headers["x-hera-decision"])
            let decision = try await service.json("GET", "/v1/decisions/\(id)").root
            let lines = Array(try #require(decision["considered"]?.elements)).compactMap(\.string)
            #expect(lines.contains { $0.contains("no number") })
            #expect(decision["candidates"]?.elements.allSatisfy { $0["p"]?.double != nil } == true)
        }
    }

    @Test("no further call is made if the budget cannot cover it too")
    func budget() async throws {
        let usage = usage
        try await TestService.with(estimator: grader) { _ in
            .completion("5", usage: usage)
        } _: { service async throws in
            func body(_ policy: String) -> String {
                #"{"model":"hera","hera":{\#(policy)},"messages":[{"role":"user","content":"What is 2+2?"}]}"#
            }
            let plan = try await service.json("POST", "/v1/route", body: body(#""verify":true"#)).root
            let dear = try #require(plan["candidates"]?.elements.first { $0["model"]?.string == "test/dear" })
            let most = try Money(usd: try #require(dear["worst_case_cost_usd"]?.numberText))
            // The budget covers the dear model alone, but not after 0.00012 USD for the cheap one.
            let budget = Money(nanoUSD: most.nanoUSD + 60_000)
            let answer = try await service.send(
                "POST", "/v1/chat/completions", body: body(#""verify":true,"budget_usd":\#(budget)"#))
            #expect(answer.status == 200)
            #expect(answer.headers["x-hera-model"] == "test/cheap")
            #expect(answer.headers["x-hera-cost-usd"] == "0.00012")
            let id = try #require(answer.headers["x-hera-decision"])
            let decision = try await service.json("GET", "/v1/decisions/\(id)").root
            let attempts = Array(try #require(decision["attempts"]?.elements))
            #expect(attempts.last?["words"]?.string?.contains("no room") == true)
            #expect(service.models.record.requests.count { $0.method == "POST" } == 1)
        }
    }

    @Test("a call of a tool that does not fit its schema goes to the next candidate")
    func toolSchema() async throws {
        let usage = usage
        let tools =
            #"[{"type":"function","function":{"name":"add","parameters":{"type":"object","properties":{"a":{"type":"number"}},"required":["a"]}}}]"#
        try await TestService.with(estimator: TestEstimator()) { request in
            .toolCall("add", arguments: request.model == "test/cheap" ? #"{"a":"two"}"# : #"{"a":2}"#, usage: usage)
        } _: { service async throws in
            let message = #""messages":[{"role":"user","content":"Add"}],"tools":"# + tools
            let verified = try await service.send(
                "POST", "/v1/chat/completions", body: #"{"model":"hera","hera":{"verify":true},\#(message)}"#)
            #expect(verified.headers["x-hera-model"] == "test/dear")
            #expect(verified.text.contains(#"{\"a\":2}"#))
            let plain = try await service.send(
                "POST", "/v1/chat/completions", body: #"{"model":"hera/default",\#(message)}"#,
                headers: [("x-hera-session", "another")])
            #expect(plain.headers["x-hera-model"] == "test/cheap", "without verify it is passed on")
            let id = try #require(plain.headers["x-hera-decision"])
            let decision = try await service.json("GET", "/v1/decisions/\(id)").root
            let first = try #require(decision["attempts"]?.elements.first { _ in true })
            #expect(first["words"]?.string?.contains("do not fit the tool's schema") == true)
        }
    }

    @Test("a call of a tool that a job's model wrote as text is held to its schema, too")
    func writtenCall() async throws {
        let usage = usage
        try await TestService.with(estimator: TestEstimator()) { request in
            let isWrong = request.model == "test/cheap"
            return .completion(
                isWrong ? #"```json {"name": "calculator", "arguments": {"sum": "1+1"}}```"# : "2", usage: usage)
        } _: { service async throws in
            let body =
                #"{"input":"1+1?","agent":{"tools":[{"type":"calculator"}]},"policy":{"verify":true,"weights":{"accuracy":0.1}}}"#
            let id = try #require(try await service.json("POST", "/v1/jobs", body: body).root["id"]?.string)
            let done = try await service.job(id, reaches: ["completed", "failed"])
            #expect(done["status"]?.string == "completed")
            #expect(done["output"]?.string == "2")
            let decision = try #require(done["steps"]?.elements.first { _ in true }?["decision"]?.string)
            let decided = try await service.json("GET", "/v1/decisions/\(decision)").root
            let attempts = Array(try #require(decided["attempts"]?.elements))
            #expect(attempts.map { $0["model"]?.string } == ["test/cheap", "test/dear"])
            #expect(attempts.first?["words"]?.string?.contains("its call of calculator do not fit") == true)
        }
    }
}
