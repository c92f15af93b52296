import Calls
import Domain
import Foundation
import JSON
import Ledger
import ScriptedUpstream
import Steps
import Testing

extension BatchTests {
    @Test("an insufficient budget starts nothing, or as many rows as it covers, and is never exceeded")
    func short() async throws {
        try await Self.with { service, client async throws in
            let none = try await client.wait(
                try await client.batch(
                    BatchClient.rows(1...2), more: #","metadata":{"budget_usd":"0.000001","hera.if_short":"best"}"#))
            #expect(none["status"]?.string == "failed")
            var error = none["errors"]?["data"]?.elements.first { _ in true }
            #expect(error?["code"]?.string == "budget_exceeded")
            #expect(error?["message"]?.string?.contains("$0.000001 left do 0 of 2 rows") == true)

            let budget = #""budget_usd":"0.001""#
            let refused = try await client.wait(
                try await client.batch(BatchClient.rows(1...20), more: #","metadata":{\#(budget)}"#))
            #expect(refused["status"]?.string == "failed" && refused["output_file_id"]?.isNull == true)
            error = refused["errors"]?["data"]?.elements.first { _ in true }
            #expect(error?["message"]?.string?.contains("would do all on their cheapest models") == true)
            #expect(refused["hera"]?["plan"]?["rows"]?.integer == 20)
            #expect(Self.calls(service) == 0)

            let some = try await client.wait(
                try await client.batch(
                    BatchClient.rows(1...20), more: #","metadata":{\#(budget)},"hera":{"if_short":"cheapest"}"#))
            #expect(some["status"]?.string == "completed")
            let answers = try await client.lines(some, "output_file_id")
            let errors = try await client.lines(some, "error_file_id")
            #expect(!answers.isEmpty && answers.count + errors.count == 20)
            #expect(errors.allSatisfy { $0["error"]?["code"]?.string == "budget_exceeded" })
            #expect(some["request_counts"]?["failed"]?.integer == Int64(errors.count))
            for status in try await service.stepService.ledger.read({ try $0.budgets(of: nil, at: .now()) }) {
                #expect(status.spent <= status.budget.limit.amount && status.reserved == 0)
            }
        }
    }

    @Test("the budgets of key and team are the batch's too, and the plan says which one binds")
    func widerBudgets() async throws {
        try await Self.with(key: "operator") { service, _ async throws in
            let ledger = service.stepService.ledger
            let key = AccessKey(team: "t", createdAt: .now())
            // Never renewed: BatchWaitingTests covers windows that renew within a day.
            let cent = Budget(scope: .key(key.id), limit: .usd(Money(nanoUSD: 400_000)))
            let client = BatchClient(port: service.port, key: try await ledger.createKey(key, budgets: [cent]))
            let short = try await client.wait(
                try await client.batch(BatchClient.rows(1...20), more: #","metadata":{"budget_usd":"1"}"#))
            #expect(short["status"]?.string == "failed")
            let message = short["errors"]?["data"]?.elements.first { _ in true }?["message"]?.string ?? ""
            #expect(message.contains("of the budget of key:\(key.id) do"), "\(message)")
            let some = try await client.wait(
                try await client.batch(
                    BatchClient.rows(1...20), more: #","metadata":{"budget_usd":"1","hera.if_short":"cheapest"}"#))
            let done = try await client.lines(some, "output_file_id").count
            #expect(done > 0 && done < 20)
            let spent = try await ledger.read { try $0.budgets(of: [.key(key.id)], at: .now()) }.map(\.spent)
            #expect(spent == [Int64(((some["hera"]?["spent_usd"]?.double ?? 0) * 1e9).rounded())])
            #expect((spent.first ?? 0) <= 400_000)
        }
    }

    @Test("models, policies and limits apply per batch, policy and row")
    func limits() async throws {
        var frugal = Policy(kappa: .published)
        frugal.models = ModelFilter(allow: [TestModels.cheap])
        try await Self.with(Settings(policies: ["frugal": frugal])) { service, client async throws in
            func models(_ text: String, _ more: String) async throws -> (JSONValue, [String?]) {
                let batch = try await client.wait(try await client.batch(text, more: more))
                let lines = try await client.lines(batch, "output_file_id")
                return (batch, lines.map { $0["response"]?["body"]?["model"]?.string })
            }
            let rows = BatchClient.rows(1...4)
            #expect(
                try await models(rows, #","metadata":{"hera.policy":"frugal"}"#).1
                    == Array(repeating: "test/cheap", count: 4))
            #expect(
                try await models(rows, #","metadata":{"hera.model":"test/dear"}"#).1
                    == Array(repeating: "test/dear", count: 4))
            let laidOver = #","hera":{"policy":{"models":{"deny":["test/cheap"]}}}"#
            #expect(try await models(rows, laidOver).1 == Array(repeating: "test/dear", count: 4))

            // The cheap model is predicted at 0.6, the dear one at 0.8: half of the rows each average 0.7.
            let (half, asked) = try await models(rows, #","hera":{"min_accuracy":0.7}"#)
            #expect(asked.count { $0 == "test/dear" } == 2, "\(asked)")
            #expect((half["hera"]?["plan"]?["accuracy"]?.double ?? 0) >= 0.7 - 1e-9)
            let (never, _) = try await models(rows, #","hera":{"min_accuracy":0.9}"#)
            #expect(never["status"]?.string == "failed")

            // A row is a run of one step, with its own policy's limits.
            let strict = BatchClient.row("strict", text: "say <strict>", more: #","hera":{"min_accuracy":0.7}"#)
            let never2 = BatchClient.row("never", text: "say <never>", more: #","hera":{"min_accuracy":0.95}"#)
            let poor = BatchClient.row("poor", text: "say <poor>", more: #","hera":{"budget_usd":0.001}"#)
            let (own, answered) = try await models([strict, never2, poor].joined(separator: "\n"), "")
            #expect(answered == ["test/dear", "test/cheap"])
            let errors = try await client.lines(own, "error_file_id")
            #expect(errors.map { $0["custom_id"]?.string } == ["never"])
            #expect(errors.first?["error"]?["message"]?.string?.contains("min_accuracy is 0.95") == true)
            #expect(try await service.stepService.ledger.read { try $0.verify() }.isSound)
        }
    }

    @Test(
        "flex is requested if the policy permits it, and planned, reserved and booked at its price",
        arguments: [true, false])
    func flex(isGranted: Bool) async throws {
        try await Self.with { request in
            let isFlex = isGranted && request.bodyText.contains(#""service_tier":"flex""#)
            let body = #"""
                {"id":"c","object":"chat.completion","service_tier":"\#(isFlex ? "flex" : "default")",
                "model":"\#(request.model)","choices":[{"index":0,"message":{"role":"assistant","content":"yes"},
                "finish_reason":"stop"}],"usage":{"prompt_tokens":20,"completion_tokens":4,"total_tokens":24}}
                """#
            return .json(body, usage: (request.model, Self.usage))
        } _: { service, client async throws in
            let row = BatchClient.rows(1...2, model: "test/cheap")
            let more = #","metadata":{"budget_usd":"0.01"},"hera":{"policy":{"service_tiers":["standard","flex"]}}"#
            let rows = BatchClient.rows(1...2)
            let standard = try await client.wait(try await client.batch(row))
            let id = try await client.batch(rows, more: more)
            let batch = try await client.wait(id)
            #expect(batch["status"]?.string == "completed", "\(batch)")
            let asked = service.models.record.requests.filter { $0.bodyText.contains(#""service_tier":"flex""#) }
            #expect(asked.count == 2)
            for entry in try await service.stepService.ledger.read({ try $0.entries(ofRun: id) }) {
                let isDear = entry.call.model == TestModels.dear
                let nano: Int64 = (isDear ? 10 : 1) * 28_000 / (isGranted ? 2 : 1)
                #expect(entry.result.figures.cost.api.nanoUSD == nano)
                #expect(entry.call.tier == (isGranted ? .flex : .standard))
            }
            #expect(standard["hera"]?["spent_usd"]?.double == 0.000056)
            #expect(try await service.stepService.ledger.read { try $0.verify() }.isSound)
        }
    }

    @Test(
        "a row whose planned model fails goes to a dearer one, although max_loss would not buy it, better or not",
        arguments: [400, 500], [0.8, 0.5])
    func reserves(status: Int, dearQuality: Double) async throws {
        try await TestService.with(estimator: TestEstimator(dearQuality: dearQuality)) { request in
            request.model == TestModels.cheap.rawValue ? .status(status, message: "no") : Self.answer(request)
        } _: { service async throws in
            let client = BatchClient(port: service.port, key: nil)
            let more = #","hera":{"policy":{"kappa":"priced","max_loss":1}}"#
            let batch = try await client.wait(try await client.batch(BatchClient.rows(1...2), more: more))
            #expect(batch["request_counts"]?["completed"]?.integer == 2, "\(batch)")
            let lines = try await client.lines(batch, "output_file_id")
            #expect(lines.map { $0["response"]?["body"]?["model"]?.string } == ["test/dear", "test/dear"])
            let asked = service.models.record.requests.filter { $0.method == "POST" }.map(\.model)
            #expect(asked.contains("test/cheap"), "the plan buys the cheap model")
        }
    }
}
