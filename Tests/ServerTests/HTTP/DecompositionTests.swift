import Domain
import JSON
import Ledger
import Routing
import ScriptedUpstream
import Steps
import Testing
import Upstream

@Suite("Decomposition and consistency spans")
struct DecompositionTests {
    private let usage = ScriptedUsage(promptTokens: 50, completionTokens: 5)
    private let job =
        #"{"input":"Write the report","policy":{"decompose":{"mode":"partial","by":"test/cheap"},"stages":["sse","sd"]}}"#

    /// The cheap model fails whole steps, but solves parts named "easy".
    private struct PartEstimator: Estimating, StepEstimates {
        var text = ""

        func estimates(of text: StepText, for models: [Model]) -> any StepEstimates { PartEstimator(text: text.prompt) }
        func prediction(for model: Model) -> Prediction { TestEstimator().prediction(for: model) }
        func requestSimilarity(of model: Model, to reference: Model) -> Double { 0 }
        func stepSimilarity(of model: Model, to reference: Model) -> Double { text.hasPrefix("easy") ? 0.9 : 0.2 }
    }

    private func decision(_ job: JSONValue, _ service: TestService) async throws -> JSONValue {
        let id = try #require(job["steps"]?.elements.first { _ in true }?["decision"]?.string)
        return try await service.json("GET", "/v1/decisions/\(id)").root
    }

    @Test("a decomposer's parts go to their own models, the last one's answer is the step's, and every call is booked")
    func parts() async throws {
        let usage = usage
        try await TestService.with(estimator: PartEstimator()) { request in
            let body = request.bodyText
            if body.contains("Split the task") {
                return .completion(#"Sure: ["easy: collect", "hard: judge", "easy: write"]"#, usage: usage)
            }
            if body.contains("Do the last part: easy: write") { return .completion("The report.", usage: usage) }
            return .completion(body.contains("its result: easy: collect") ? "collected" : "judged", usage: usage)
        } _: { service async throws in
            let id = try #require(try await service.json("POST", "/v1/jobs", body: job).root["id"]?.string)
            let done = try await service.job(id, reaches: ["completed", "failed"])
            #expect(done["output"]?.string == "The report.")
            let asked = service.models.record.requests.filter { $0.method == "POST" }
            #expect(asked.map(\.model) == ["test/cheap", "test/cheap", "test/dear", "test/cheap"])
            #expect(asked.last?.bodyText.contains("collected") == true)
            #expect(asked.last?.bodyText.contains("judged") == true)
            let decision = try await decision(done, service)
            #expect(decision["stage"]?.string == "sd")
            #expect(decision["attempts"]?.count == 4)
            #expect(try await service.stepService.ledger.read { try $0.entries(ofRun: id) }.count == 4)
            // Three cheap calls of 50 x 1 + 5 x 2 and one dear call of ten times that, in USD per million.
            #expect(done["totals"]?["cost_usd"]?.numberText == "0.00078")
            #expect(try await service.stepService.ledger.read { try $0.openReservations() }.isEmpty)
        }
    }

    @Test(
        "an invalid decomposition leaves the step whole, and its cost is booked",
        arguments: ["I would rather not.", "[]", #"["easy: only one"]"#, #"[{"part": 1}]"#, ""])
    func rubbish(answer: String) async throws {
        let usage = usage
        try await TestService.with(estimator: PartEstimator()) { request in
            .completion(request.bodyText.contains("Split the task") ? answer : "The report.", usage: usage)
        } _: { service async throws in
            let id = try #require(try await service.json("POST", "/v1/jobs", body: job).root["id"]?.string)
            let done = try await service.job(id, reaches: ["completed", "failed"])
            #expect(done["output"]?.string == "The report.")
            let decision = try await decision(done, service)
            #expect(decision["model"]?.string == "test/dear")
            let lines = Array(try #require(decision["considered"]?.elements)).compactMap(\.string)
            #expect(lines.contains { $0.contains("the step stays whole") })
            #expect(try await service.stepService.ledger.read { try $0.entries(ofRun: id) }.count == 2)
        }
    }

    @Test("a failed decomposer, or parts without a capable model, leave the step whole", arguments: [true, false])
    func down(isDecomposer: Bool) async throws {
        let usage = usage
        try await TestService.with(estimator: PartEstimator()) { request in
            let body = request.bodyText
            if body.contains("Split the task") {
                return isDecomposer ? .status(503) : .completion(#"["easy: a", "easy: b"]"#, usage: usage)
            }
            return body.contains("Do only this part") ? .status(503) : .completion("The report.", usage: usage)
        } _: { service async throws in
            let id = try #require(try await service.json("POST", "/v1/jobs", body: job).root["id"]?.string)
            let done = try await service.job(id, reaches: ["completed", "failed"])
            #expect(done["output"]?.string == "The report.")
            #expect(done["status"]?.string == "completed")
            #expect(try await service.stepService.ledger.read { try $0.openReservations() }.isEmpty)
        }
    }

    /// Both models look alike on every step but the first.
    private struct AheadEstimator: Estimating, StepEstimates {
        func estimates(of text: StepText, for models: [Model]) -> any StepEstimates { self }
        func prediction(for model: Model) -> Prediction { TestEstimator().prediction(for: model) }
        func requestSimilarity(of model: Model, to reference: Model) -> Double { 0 }
        func stepSimilarity(of model: Model, to reference: Model) -> Double { 0.2 }
        func similarity(of model: Model, ahead steps: Int, to reference: Model, ahead others: Int) -> Double? {
            steps == others && steps > 0 ? 0.95 : 0.2
        }
    }

    @Test("a span that consistency detection commits keeps its model over the steps of a job")
    func span() async throws {
        let usage = usage
        try await TestService.with(estimator: AheadEstimator()) { request in
            let turns = request.bodyText.components(separatedBy: #""role":"tool""#).count - 1
            return turns < 3
                ? .toolCall(
                    "calculator", arguments: #"{"expression":"1+\#(turns)"}"#, id: "call_\(turns)", usage: usage)
                : .completion("done", usage: usage)
        } _: { service async throws in
            let body =
                #"{"input":"go","agent":{"tools":[{"type":"calculator"}],"max_steps":6},"policy":{"stages":["sse","cd"],"look_ahead":2}}"#
            let id = try #require(try await service.json("POST", "/v1/jobs", body: body).root["id"]?.string)
            let done = try await service.job(id, reaches: ["completed", "failed"])
            let steps = Array(try #require(done["steps"]?.elements))
            #expect(steps.count == 4)
            // At step 1 the outputs are predicted to agree from step 3; step 4 is tested anew.
            #expect(steps.map { $0["stage"]?.string } == ["cd", "cd", "cd", "cd"])
            #expect(steps.map { $0["answered_by"]?.string } == Array(repeating: "test/cheap", count: 4))
            #expect(steps[2]["reason"]?.string?.contains("(cd) at step 1 gave it the run through step 3") == true)
            #expect(steps[3]["reason"]?.string?.contains("kept on test/cheap through step 6") == true)
        }
    }
}

extension String {
    fileprivate func components(separatedBy separator: String) -> [Substring] {
        split(separator: separator, omittingEmptySubsequences: false)
    }
}
