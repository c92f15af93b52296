import Batches
import Domain
import JSON
import Ledger
import ScriptedUpstream
import Testing

@testable import Steps
@testable import Upstream

@Suite("Provider batches", .serialized)
struct ProviderBatchTests {
    static let interfaces: [ScriptedBatches.Interface] = [.openAI, .anthropic]

    /// A live answer in the provider's dialect.
    private static func live(_ interface: ScriptedBatches.Interface) -> @Sendable (ScriptedRequest) -> ScriptedReply {
        { request in
            let usage = ScriptedUsage(promptTokens: 20, completionTokens: 4)
            return interface == .openAI
                ? .completion("called", model: request.model, usage: usage)
                : .message("called", model: request.model, usage: usage)
        }
    }

    /// Checks the ledger of a batch: nothing open, verified, within its budget.
    private func entries(_ ledger: LedgerStore, _ id: String) async throws -> [LedgerEntry] {
        #expect(try await ledger.read { try $0.openReservations() }.isEmpty)
        #expect(try await ledger.read { try $0.verify() }.isSound)
        let entries = try await ledger.read { try $0.entries(ofRun: id) }
        let status = try #require(try await ledger.read { try $0.budgets(of: [.batch(id)], at: .now()) }.first)
        let sum = entries.reduce(0) { $0 + $1.result.figures.cost.total.nanoUSD }
        #expect(status.reserved == 0 && status.spent == sum && sum <= status.budget.limit.amount)
        return entries
    }

    @Test(
        "they are sent as one, cost the batch tier's price, and the ledger is the provider's bill",
        arguments: interfaces)
    func happyPath(interface: ScriptedBatches.Interface) async throws {
        let batches = ScriptedBatches(interface)
        batches.change { $0.pollsUntilEnd = 2 }
        try await ProviderBatchService.with(batches) { models, ledger async throws in
            let id = try await ProviderBatchService.run(interface, at: models, ledger) { service async throws in
                let id = try await service.begin(rows: 6)
                let batch = try await service.wait(id)
                #expect(batch["status"]?.string == "completed", "\(batch)")
                #expect(batch["request_counts"]?["completed"]?.integer == 6)
                let plan = try #require(batch["hera"]?["plan"])
                #expect(plan["tiers"]?["batch"]?.integer == 6 && plan["tiers"]?["calls"]?.integer == 0)
                let away = batch["hera"]?["provider_batches"]?.elements.map { $0 } ?? []
                #expect(away.map { $0["status"]?.string } == ["closed"])
                #expect(away.map { $0["rows"]?.integer } == [6] && away.map { $0["open"]?.integer } == [0])
                let lines = try await service.lines(batch, "output_file_id")
                #expect(lines.map { $0["custom_id"]?.string } == (1...6).map { "row-\($0)" })
                let texts = lines.map {
                    $0["response"]?["body"]?["choices"]?.elements.first { _ in true }?["message"]?["content"]?.string
                }
                #expect(texts == (1...6).map { "answer to say <row-\($0)>" })
                #expect(batch["error_file_id"]?.isNull == true)
                return id
            }
            let record = batches.record
            #expect(record.createCalls == 1 && record.billedRows.count == 6)
            let entries = try await entries(ledger, id)
            #expect(entries.count == 6)
            #expect(entries.allSatisfy { $0.kind == .call && $0.call.tier == .batch })
            #expect(Set(entries.map(\.id)) == Set(record.billedRows.keys), "a row's entry has its name at the provider")
            let sum = entries.reduce(0) { $0 + $1.result.figures.cost.total.nanoUSD }
            #expect(sum == ProviderBatchService.bill(batches))
            for entry in entries {
                let decision = try await ledger.read { try $0.decision(entry.call.decisionID ?? "") }?.decision
                #expect(decision?.reason.contains("tier batch") == true)
                // Live calls of the same model would have cost 2.5 times as much.
                let usage = entry.result.usage
                let standard = Int64(usage.input) * 1000 + Int64(usage.output) * 2000
                #expect(entry.result.figures.cost.total.nanoUSD * 5 == standard * 2)
                #expect(entry.call.predicted.cost.total > .zero)
            }
        }
    }

    @Test("rows that the provider failed or refused are called live", arguments: interfaces)
    func failedRows(interface: ScriptedBatches.Interface) async throws {
        let batches = ScriptedBatches(interface)
        batches.change { $0.fails = { $0.prompt.contains("row-2>") } }
        try await ProviderBatchService.with(batches, script: Self.live(interface)) { models, ledger async throws in
            let id = try await ProviderBatchService.run(interface, at: models, ledger) { service async throws in
                let id = try await service.begin(rows: 4)
                let batch = try await service.wait(id)
                #expect(batch["status"]?.string == "completed", "\(batch)")
                // Scripted OpenAI reports a context overflow, scripted Anthropic an invalid row.
                #expect(batch["request_counts"]?["completed"]?.integer == 4)
                #expect(try await service.lines(batch, "error_file_id").isEmpty)
                return id
            }
            let entries = try await entries(ledger, id)
            #expect(entries.count { $0.call.tier == .batch } == 3)
            #expect(entries.count { $0.call.tier == .standard } == 1)
            #expect(batches.record.createCalls == 1)
        }
    }

    @Test(
        "of a half expired provider batch, answered rows are booked and the rest is called live", arguments: interfaces)
    func expired(interface: ScriptedBatches.Interface) async throws {
        let batches = ScriptedBatches(interface)
        batches.change { $0.expires = true }
        try await ProviderBatchService.with(batches, script: Self.live(interface)) { models, ledger async throws in
            let id = try await ProviderBatchService.run(interface, at: models, ledger) { service async throws in
                let id = try await service.begin(rows: 6)
                let batch = try await service.wait(id)
                #expect(batch["request_counts"]?["completed"]?.integer == 6, "\(batch)")
                return id
            }
            let entries = try await entries(ledger, id)
            let sent = entries.filter { $0.call.tier == .batch }
            #expect(sent.count == 3 && entries.count == 6)
            #expect(
                sent.reduce(0) { $0 + $1.result.figures.cost.total.nanoUSD } == ProviderBatchService.bill(batches))
            #expect(batches.record.createCalls == 1, "a provider gets a row once")
        }
    }

    @Test("a rejected provider batch is called live, and nothing is booked for it")
    func refused() async throws {
        let batches = ScriptedBatches(.openAI)
        batches.change { $0.refusesBatchesWith = "no such model for batches" }
        try await ProviderBatchService.with(batches, script: Self.live(.openAI)) { models, ledger async throws in
            let id = try await ProviderBatchService.run(.openAI, at: models, ledger) { service async throws in
                let id = try await service.begin(rows: 3)
                #expect(try await service.wait(id)["request_counts"]?["completed"]?.integer == 3)
                return id
            }
            #expect(try await entries(ledger, id).map(\.call.tier) == [.standard, .standard, .standard])
        }
    }

    @Test("a cancelled batch cancels the provider's, and books what was answered", arguments: interfaces)
    func cancelled(interface: ScriptedBatches.Interface) async throws {
        let batches = ScriptedBatches(interface)
        batches.change {
            $0.pollsUntilEnd = nil
            $0.rowsDoneBeforeStop = 2
        }
        try await ProviderBatchService.with(batches) { models, ledger async throws in
            let id = try await ProviderBatchService.run(interface, at: models, ledger) { service async throws in
                let id = try await service.begin(rows: 5)
                try await service.wait(id, "at the provider") { batch in
                    batch["hera"]?["provider_batches"]?.elements.contains { $0["status"]?.string == "sent" } ?? false
                }
                _ = try await service.scheduler.cancel(id, for: Caller())
                try await service.wait(id, "cancelled at the provider") { _ in batches.record.cancelCalls > 0 }
                batches.endAll()
                let batch = try await service.wait(id)
                #expect(batch["status"]?.string == "cancelled", "\(batch)")
                #expect(batch["request_counts"]?["completed"]?.integer == 2)
                let errors = try await service.lines(batch, "error_file_id")
                #expect(errors.map { $0["error"]?["code"]?.string } == Array(repeating: "batch_cancelled", count: 3))
                return id
            }
            let entries = try await entries(ledger, id)
            #expect(entries.map(\.call.tier) == [.batch, .batch])
            #expect(
                entries.reduce(0) { $0 + $1.result.figures.cost.total.nanoUSD } == ProviderBatchService.bill(batches))
        }
    }

    @Test("a batch whose window closes cancels the provider's, and books what was answered")
    func late() async throws {
        let batches = ScriptedBatches(.openAI)
        batches.change {
            $0.pollsUntilEnd = nil
            $0.rowsDoneBeforeStop = 1
        }
        try await ProviderBatchService.with(batches) { models, ledger async throws in
            let id = try await ProviderBatchService.run(.openAI, at: models, ledger, leaving: 0.5) {
                service async throws in
                let id = try await service.begin(rows: 3, window: "1s")
                try await service.wait(id, "cancelled at the provider") { _ in batches.record.cancelCalls > 0 }
                batches.endAll()
                let batch = try await service.wait(id)
                #expect(batch["status"]?.string == "expired", "\(batch)")
                #expect(batch["request_counts"]?["completed"]?.integer == 1)
                return id
            }
            #expect(try await entries(ledger, id).map(\.call.tier) == [.batch])
        }
    }

    @Test(
        "rows are called live if time, policy or provider forbid a provider batch",
        arguments: ["time", "policy", "interface"])
    func notAllowed(reason: String) async throws {
        let batches = ScriptedBatches(.openAI)
        try await ProviderBatchService.with(batches, script: Self.live(.openAI)) { models, ledger async throws in
            let id = try await ProviderBatchService.run(
                reason == "interface" ? nil : .openAI, at: models, ledger
            ) { service async throws in
                let id = try await service.begin(
                    rows: 3, model: "hera", window: reason == "time" ? "59m" : "24h",
                    hera: reason == "policy" ? #""policy": {"service_tiers": ["standard"]}"# : "")
                #expect(try await service.wait(id)["request_counts"]?["completed"]?.integer == 3)
                return id
            }
            #expect(try await entries(ledger, id).allSatisfy { $0.call.tier == .standard })
            #expect(batches.record.createCalls == 0)
        }
    }
}
