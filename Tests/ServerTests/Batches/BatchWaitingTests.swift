import Batches
import Domain
import JSON
import Ledger
import ScriptedUpstream
import Steps
import Testing

@Suite("A batch under a budget with a window", .serialized)
struct BatchWaitingTests {
    private static let live: @Sendable (ScriptedRequest) -> ScriptedReply = { request in
        .completion("called", model: request.model, usage: ScriptedUsage(promptTokens: 20, completionTokens: 4))
    }

    @Test("waits for the next window, says until when, and never passes the budget of any window")
    func waits() async throws {
        try await ProviderBatchService.with(ScriptedBatches(.openAI), script: Self.live) {
            models, ledger async throws in
            // A row costs 28,000 nano-USD and is reserved at about 350,000, so no two-second window covers all.
            let limit = Money(nanoUSD: 400_000)
            try await ledger.write {
                try $0.setBudget(
                    Budget(scope: .global, limit: .usd(limit), window: .rolling(seconds: 2)), at: .now())
            }
            let id = try await ProviderBatchService.run(nil, at: models, ledger) { service async throws in
                let id = try await service.begin(rows: 18, window: "2m")
                let waiting = try await service.wait(id, "to wait") { $0["hera"]?["waiting_until"]?.integer != nil }
                #expect(waiting["status"]?.string == "in_progress")
                #expect(
                    waiting["hera"]?["waiting_for"]?.string?.contains("the budget of global (rolling:2) has no room")
                        == true,
                    "\(String(decoding: waiting.raw, as: UTF8.self))")
                // A node that does not run the batch and reads the ledger only.
                let other = BatchScheduler(stepService: service.stepService)
                var isReported = false
                for _ in 0..<500 where !isReported {
                    let record = try await other.batch(id, for: Caller())
                    let document = try JSONDocument(try await other.document(record).json).root
                    isReported = document["hera"]?["waiting_until"]?.integer != nil
                    try await Task.sleep(for: .milliseconds(10))
                }
                #expect(isReported, "every node shows what is waited for")
                let batch = try await service.wait(id)
                #expect(batch["status"]?.string == "completed")
                #expect(batch["request_counts"]?["completed"]?.integer == 18)
                #expect(batch["hera"]?["waiting_until"] == nil)
                return id
            }
            let entries = try await ledger.read { try $0.entries(ofRun: id) }
            #expect(entries.count == 18)
            for entry in entries {
                let start = entry.chargedAt.advanced(bySeconds: -2)
                let window = entries.filter { $0.chargedAt > start && $0.chargedAt <= entry.chargedAt }
                #expect(window.reduce(0) { $0 + $1.result.figures.cost.total.nanoUSD } <= limit.nanoUSD)
            }
            #expect(try await ledger.read { try $0.verify() }.isSound)
        }
    }

    @Test("ends as short of money where the next window begins after its own end")
    func tooLate() async throws {
        try await ProviderBatchService.with(ScriptedBatches(.openAI), script: Self.live) {
            models, ledger async throws in
            try await ledger.write {
                try $0.setBudget(
                    Budget(scope: .global, limit: .usd(Money(nanoUSD: 400_000)), window: .rolling(seconds: 86_400)),
                    at: .now())
            }
            _ = try await ProviderBatchService.run(nil, at: models, ledger) { service async throws in
                let id = try await service.begin(rows: 18, window: "2m", hera: #""if_short": "cheapest""#)
                let batch = try await service.wait(id)
                #expect(batch["status"]?.string == "completed")
                let errors = try await service.lines(batch, "error_file_id")
                #expect(!errors.isEmpty && errors.allSatisfy { $0["error"]?["code"]?.string == "budget_exceeded" })
                return id
            }
        }
    }
}
