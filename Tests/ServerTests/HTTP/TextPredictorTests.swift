import Domain
import JSON
import Ledger
import Routing
import ScriptedUpstream
import Steps
import Testing
import Upstream

@Suite("The text predictor")
struct TextPredictorTests {
    private let usage = ScriptedUsage(promptTokens: 100, completionTokens: 10)
    private let question =
        #"{"model":"hera","hera":{"text_predictor":"test/cheap","stages":["sse"]},"messages":[{"role":"user","content":"What is 2+2?"}]}"#

    private func decision(_ id: String?, _ service: TestService) async throws -> JSONValue {
        try await service.json("GET", "/v1/decisions/\(try #require(id))").root
    }

    private func lines(_ decision: JSONValue) throws -> [String] {
        Array(try #require(decision["considered"]?.elements)).compactMap(\.string)
    }

    @Test(
        "the two texts replace the trained predictors, and each call is booked and reported",
        arguments: [
            ("It is 4.", "cheap", "sse: test/cheap 1.00 > 0.62"), ("A pear.", "dear", "sse: test/cheap 0.00 <= 0.62"),
        ])
    func decides(text: String, model: String, line: String) async throws {
        let usage = usage
        // The trained predictors say the opposite.
        let estimator = TestEstimator(similarity: model == "cheap" ? 0.2 : 0.9)
        try await TestService.with(estimator: estimator) { request in
            guard request.bodyText.contains("Write what the assistant named") else {
                return .completion("4", usage: usage)
            }
            return .completion(request.bodyText.contains("named test/dear") ? "It is 4." : text, usage: usage)
        } _: { service async throws in
            let answer = try await service.send("POST", "/v1/chat/completions", body: question)
            #expect(answer.status == 200)
            #expect(answer.headers["x-hera-model"] == "test/\(model)")
            let asked = service.models.record.requests.filter { $0.method == "POST" }.map(\.model)
            #expect(asked == ["test/cheap", "test/cheap", "test/\(model)"])
            // 0.00012 USD for each of the two texts.
            #expect(answer.headers["x-hera-cost-usd"] == (model == "cheap" ? "0.00036" : "0.00144"))
            let decision = try await decision(answer.headers["x-hera-decision"], service)
            #expect(try lines(decision).contains(line))
            let attempts = Array(try #require(decision["attempts"]?.elements))
            #expect(
                attempts.map { $0["words"]?.string }
                    == ["wrote what test/cheap would answer", "wrote what test/dear would answer", "not verified"])
            #expect(attempts.allSatisfy { $0["entry"]?.string != nil })
            let run = try #require(decision["run"]?.string)
            #expect(try await service.stepService.ledger.read { try $0.entries(ofRun: run) }.count == 3)
            #expect(try await service.stepService.ledger.read { try $0.openReservations() }.isEmpty)
            #expect(try await service.stepService.ledger.read { try $0.verify() }.isSound)
        }
    }

    @Test("where the predictor does not answer the trained predictors decide, and nothing stays reserved")
    func fails() async throws {
        let usage = usage
        try await TestService.with(estimator: TestEstimator(similarity: 0.9)) { request in
            request.bodyText.contains("Write what the assistant named") ? .status(503) : .completion("4", usage: usage)
        } _: { service async throws in
            let answer = try await service.send("POST", "/v1/chat/completions", body: question)
            #expect(answer.status == 200)
            #expect(answer.headers["x-hera-model"] == "test/cheap")
            #expect(answer.headers["x-hera-cost-usd"] == "0.00012")
            let decision = try await decision(answer.headers["x-hera-decision"], service)
            #expect(
                try lines(decision).contains(
                    "sse: the text predictor has no answer (test/cheap did not answer); trained predictors stand in"))
            #expect(try lines(decision).contains("sse: test/cheap 0.90 > 0.62"))
            #expect(try await service.stepService.ledger.read { try $0.openReservations() }.isEmpty)
        }
    }
}
