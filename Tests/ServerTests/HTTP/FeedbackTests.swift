import Domain
import JSON
import Ledger
import ScriptedUpstream
import Steps
import Testing
import Upstream

@Suite("Feedback over HTTP")
struct FeedbackTests {
    private let usage = ScriptedUsage(promptTokens: 100, completionTokens: 10)

    private func decision(_ service: TestService) async throws -> String {
        let body = #"{"model":"test/cheap","messages":[{"role":"user","content":"2+2"}]}"#
        return try #require(
            try await service.send("POST", "/v1/chat/completions", body: body).headers["x-hera-decision"])
    }

    @Test("a score of a decision is kept with the model that answered, and is on the dashboard")
    func decisionScore() async throws {
        let usage = usage
        try await TestService.with { _ in
            .completion("4", usage: usage)
        } _: { service async throws in
            let id = try await decision(service)
            let body = #"{"decision":"\#(id)","score":0.25,"comment":"no"}"#
            let first = try await service.json("POST", "/v1/feedback", body: body)
            #expect(first.status == 201)
            #expect(first.root["decision"]?.string == id)
            let again = try await service.json("POST", "/v1/feedback", body: body)
            #expect(again.status == 200)
            #expect(again.root["replaced"]?.boolean == true)
            let kept = try await service.stepService.ledger.read { try $0.latestObservations(limit: 10) }
            #expect(kept.map(\.score) == [0.25])
            #expect(kept.map(\.model) == [TestModels.cheap])
            #expect(kept.map(\.comment) == ["no"])
            let row = try await service.json("GET", "/v1/dashboard").root["quality"]?["rows"]?.elements.first { _ in
                true
            }
            #expect(row?["source"]?.string == "feedback")
            #expect(row?["quality"]?.double == 0.25)
        }
    }

    @Test("jobs and their steps can be scored too")
    func jobScore() async throws {
        let usage = usage
        try await TestService.with { _ in
            .completion("4", usage: usage)
        } _: { service async throws in
            let id = try #require(
                try await service.json("POST", "/v1/jobs", body: #"{"input":"x"}"#).root["id"]?.string)
            let job = try await service.job(id, reaches: ["completed"])
            let step = try #require(job["steps"]?.elements.first { _ in true }?["step"]?.string)
            #expect(try await service.json("POST", "/v1/feedback", body: #"{"job":"\#(id)","score":1}"#).status == 201)
            #expect(
                try await service.json("POST", "/v1/feedback", body: #"{"step":"\#(step)","score":1}"#).status == 201)
            #expect(
                try await service.stepService.ledger.read { try $0.latestObservations(limit: 10) }.map(\.runID) == [
                    id, id,
                ])
        }
    }

    @Test(
        "an invalid score is rejected with its reason",
        arguments: [
            (#"{"decision":"dec_none","score":1}"#, 404, "there is no decision 'dec_none'"),
            (#"{"step":"step_none","score":1}"#, 404, "there is no step"),
            (#"{"job":"job_none","score":1}"#, 404, "there is no job"),
            (#"{"score":1}"#, 400, "name what the score is about"),
            (#"{"decision":"a","job":"b","score":1}"#, 400, "name what the score is about"),
            (#"{"decision":"a"}"#, 400, "is missing"),
            (#"{"decision":"a","score":2}"#, 400, "from 0.0 to 1.0"),
            (#"{"decision":"a","scores":1}"#, 400, "did you mean 'score'?"),
            (#"{"decision":1,"score":1}"#, 400, "must be a string"),
        ])
    func refused(body: String, status: Int, message: String) async throws {
        try await TestService.with { _ in
            .completion("4")
        } _: { service async throws in
            let answer = try await service.json("POST", "/v1/feedback", body: body)
            #expect(answer.status == status)
            #expect(answer.root["error"]?["message"]?.string?.contains(message) == true)
        }
    }

    @Test("a key cannot score what was done for another one")
    func otherKey() async throws {
        let usage = usage
        try await TestService.with(key: "operator") { _ in
            .completion("4", usage: usage)
        } _: { service async throws in
            func key(_ id: String) async throws -> (String, String) {
                let text = try await service.stepService.ledger.createKey(
                    AccessKey(id: id, team: nil, label: id, createdAt: .now()), budgets: [])
                return ("authorization", "Bearer \(text)")
            }
            let mine = try await key("mine")
            let other = try await key("other")
            let body = #"{"model":"test/cheap","messages":[{"role":"user","content":"2+2"}]}"#
            let id = try #require(
                try await service.send("POST", "/v1/chat/completions", body: body, headers: [mine])
                    .headers["x-hera-decision"])
            let score = #"{"decision":"\#(id)","score":1}"#
            #expect(try await service.send("POST", "/v1/feedback", body: score, headers: [other]).status == 404)
            #expect(try await service.send("POST", "/v1/feedback", body: score, headers: [mine]).status == 201)
        }
    }
}
