import Batches
import Calls
import Domain
import JSON
import Ledger
import Routing
import ScriptedUpstream
import Steps
import Synchronization
import Testing

/// Configuration changes during a provider batch: every billed row is booked all the same.
@Suite("Settlement of provider batches after configuration changes", .serialized)
struct ProviderBatchMoneyTests {
    private static let live: @Sendable (ScriptedRequest) -> ScriptedReply = { request in
        .completion("called", model: request.model, usage: ScriptedUsage(promptTokens: 20, completionTokens: 4))
    }

    /// A submitted batch whose service has ended.
    private static func away(
        _ batches: ScriptedBatches, rows: Int, policies: [String: Policy] = [:], hera: String = "",
        at models: ScriptedUpstream, _ ledger: LedgerStore
    ) async throws -> String {
        batches.change { $0.pollsUntilEnd = nil }
        return try await ProviderBatchService.run(.openAI, at: models, ledger, policies: policies) {
            service async throws in
            let id = try await service.begin(rows: rows, model: policies.isEmpty ? "test/small" : "hera", hera: hera)
            try await service.wait(id, "to be sent") { batch in
                batch["hera"]?["provider_batches"]?.elements.contains { $0["status"]?.string == "sent" } ?? false
            }
            return id
        }
    }

    @Test("results of a removed policy are booked and delivered")
    func policyGone() async throws {
        let batches = ScriptedBatches(.openAI)
        try await ProviderBatchService.with(batches) { models, ledger async throws in
            var policy = Policy(kappa: .published, models: ModelFilter(allow: [ProviderBatchService.small]))
            policy.plan.serviceTiers = [.standard, .batch]
            let id = try await Self.away(
                batches, rows: 5, policies: ["night": policy], hera: #""policy": "night""#, at: models, ledger)
            batches.endAll()
            try await ProviderBatchService.run(.openAI, at: models, ledger) { service async throws in
                let batch = try await service.wait(id)
                #expect(batch["status"]?.string == "completed", "\(batch)")
                #expect(batch["request_counts"]?["completed"]?.integer == 5)
            }
            let entries = try await ledger.read { try $0.entries(ofRun: id) }
            #expect(entries.count == 5 && entries.allSatisfy { $0.kind == .call && $0.call.tier == .batch })
            #expect(
                entries.reduce(0) { $0 + $1.result.figures.cost.total.nanoUSD } == ProviderBatchService.bill(batches))
            #expect(try await ledger.read { try $0.openReservations() }.isEmpty)
        }
    }

    @Test("a model that the catalog has no more: a cancelled batch ends, and what it may cost is booked as uncertain")
    func modelGone() async throws {
        let batches = ScriptedBatches(.openAI)
        try await ProviderBatchService.with(batches) { models, ledger async throws in
            let id = try await Self.away(batches, rows: 4, at: models, ledger)
            let reserved = try await ledger.read { try $0.groups(ofBatch: id) }.reduce(0) { $0 + $1.reserved.nanoUSD }
            try await ProviderBatchService.run(.openAI, at: models, ledger, without: ProviderBatchService.small) {
                service async throws in
                _ = try await service.scheduler.cancel(id, for: Caller())
                #expect(try await service.wait(id)["status"]?.string == "cancelled")
            }
            let entries = try await ledger.read { try $0.entries(ofRun: id) }
            #expect(entries.count == 4 && entries.allSatisfy { $0.kind == .uncertain })
            #expect(entries.reduce(0) { $0 + $1.result.figures.cost.total.nanoUSD } == reserved && reserved > 0)
            #expect(try await ledger.read { try $0.openReservations() }.isEmpty)
            #expect(try await ledger.read { try $0.verify() }.isSound)
        }
    }

    @Test("a duplicate result does not hide a missing one, which is booked as uncertain")
    func duplicateResult() async throws {
        let batches = ScriptedBatches(.openAI)
        let script = Self.live
        try await ProviderBatchService.with(
            batches, script: script,
            intercept: { request in
                guard request.method == "GET", request.path.hasSuffix("/content") else { return nil }
                let rows = batches.record.batches[0].rows
                // The first row replaces the second.
                let lines = [rows[0], rows[0], rows[2]].map { row in
                    #"{"id":"r","custom_id":"\#(row.customID)","response":{"status_code":200,"request_id":"q","#
                        + #""body":{"id":"c","object":"chat.completion","created":1,"model":"test/small","#
                        + #""choices":[{"index":0,"message":{"role":"assistant","content":"x"},"finish_reason":"stop"}],"#
                        + #""usage":{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15}}},"error":null}"#
                }
                return .json(lines.joined(separator: "\n") + "\n")
            }
        ) { models, ledger async throws in
            let id = try await ProviderBatchService.run(.openAI, at: models, ledger) { service async throws in
                let id = try await service.begin(rows: 3)
                let batch = try await service.wait(id)
                #expect(batch["request_counts"]?["completed"]?.integer == 3, "\(batch)")
                return id
            }
            let entries = try await ledger.read { try $0.entries(ofRun: id) }
            #expect(entries.count { $0.kind == .call && $0.call.tier == .batch } == 2)
            #expect(entries.count { $0.kind == .uncertain } == 1)
            #expect(entries.count { $0.kind == .call && $0.call.tier == .standard } == 1, "and it is called")
            #expect(try await ledger.read { try $0.openReservations() }.isEmpty)
        }
    }

    @Test("a batch waits for a model with an open circuit breaker, and completes its rows")
    func resting() async throws {
        try await ProviderBatchService.with(ScriptedBatches(.openAI), script: Self.live) {
            models, ledger async throws in
            try await ProviderBatchService.run(nil, at: models, ledger) { service async throws in
                for _ in 0..<3 {
                    service.stepService.registry.recordFailure(ProviderBatchService.small, reason: "test", at: .now())
                }
                #expect(
                    !service.stepService.registry.models(at: .now()).contains {
                        $0.model.id == ProviderBatchService.small
                    }
                )
                let batch = try await service.wait(try await service.begin(rows: 3))
                #expect(batch["request_counts"]?["completed"]?.integer == 3, "\(batch)")
            }
        }
    }
}
