import Domain
import JSON
import Ledger
import ScriptedUpstream
import Testing

@Suite("Provider batches over restarts and faults", .serialized)
struct ProviderBatchRestartTests {
    private static let live: @Sendable (ScriptedRequest) -> ScriptedReply = { request in
        .completion("called", model: request.model, usage: ScriptedUsage(promptTokens: 20, completionTokens: 4))
    }

    /// Checks the end: nothing open, the budget kept, the provider's bill equal to its tier's entries.
    private func check(
        _ ledger: LedgerStore, _ id: String, _ batches: ScriptedBatches, rows: Int, uncertain: Int = 0
    ) async throws {
        #expect(try await ledger.read { try $0.openReservations() }.isEmpty)
        #expect(try await ledger.read { try $0.verify() }.isSound)
        let entries = try await ledger.read { try $0.entries(ofRun: id) }
        let sent = entries.filter { $0.call.tier == .batch && $0.kind == .call }
        #expect(sent.count == rows)
        #expect(sent.reduce(0) { $0 + $1.result.figures.cost.total.nanoUSD } == ProviderBatchService.bill(batches))
        #expect(batches.record.billedRows.values.allSatisfy { $0 == 1 })
        #expect(entries.count { $0.kind == .uncertain } == uncertain)
        let status = try #require(try await ledger.read { try $0.budgets(of: [.batch(id)], at: .now()) }.first)
        #expect(status.reserved == 0 && status.spent <= status.budget.limit.amount)
    }

    @Test("after a lost submit response and a restart, the provider batch is found and not submitted twice")
    func lostAnswer() async throws {
        let batches = ScriptedBatches(.openAI)
        batches.change {
            $0.lostAnswers = 1
            $0.emptyLists = 1_000_000
        }
        try await ProviderBatchService.with(batches) { models, ledger async throws in
            let id = try await ProviderBatchService.run(.openAI, at: models, ledger) { service async throws in
                let id = try await service.begin(rows: 5)
                try await service.wait(id, "the submission to arrive") { _ in batches.record.batches.count == 1 }
                return id
            }
            #expect(try await ledger.read { try $0.groups(ofBatch: id) }.map(\.phase) == [.sending])
            #expect(try await ledger.read { try $0.openReservations() }.count == 5)
            #expect(try await ledger.recover(at: .now()).isEmpty, "they belong to the group")
            batches.change { $0.emptyLists = 0 }
            try await ProviderBatchService.run(.openAI, at: models, ledger) { service async throws in
                let batch = try await service.wait(id)
                #expect(batch["request_counts"]?["completed"]?.integer == 5, "\(batch)")
            }
            #expect(batches.record.createCalls == 1 && batches.record.batches.count == 1)
            try await check(ledger, id, batches, rows: 5)
        }
    }

    @Test("a submission that never arrived is repeated after a search")
    func lostRequest() async throws {
        let batches = ScriptedBatches(.openAI)
        batches.change { $0.lostRequests = 1 }
        try await ProviderBatchService.with(batches) { models, ledger async throws in
            let id = try await ProviderBatchService.run(.openAI, at: models, ledger) { service async throws in
                let id = try await service.begin(rows: 3)
                #expect(try await service.wait(id)["request_counts"]?["completed"]?.integer == 3)
                return id
            }
            #expect(batches.record.createCalls == 2 && batches.record.batches.count == 1)
            #expect(batches.record.listCalls >= 2, "looked for twice before")
            try await check(ledger, id, batches, rows: 3)
        }
    }

    @Test("a service that ends leaves the provider's batch running, and the next one fetches it")
    func handover() async throws {
        let batches = ScriptedBatches(.openAI)
        batches.change {
            $0.pollsUntilEnd = nil
            $0.brokenResults = 1
        }
        try await ProviderBatchService.with(batches) { models, ledger async throws in
            let id = try await ProviderBatchService.run(.openAI, at: models, ledger) { service async throws in
                let id = try await service.begin(rows: 70)
                try await service.wait(id, "sent") { batch in
                    batch["hera"]?["provider_batches"]?.elements.contains { $0["status"]?.string == "sent" } ?? false
                }
                return id
            }
            #expect(batches.record.cancelCalls == 0)
            #expect(try await ledger.read { try $0.batch(id) }?.status == .inProgress)
            #expect(try await ledger.recover(at: .now()).isEmpty)
            #expect(try await ledger.read { try $0.rowCounts(ofBatch: id) } == [.claimed: 70])
            batches.endAll()
            try await ProviderBatchService.run(.openAI, at: models, ledger) { service async throws in
                let batch = try await service.wait(id)
                #expect(batch["request_counts"]?["completed"]?.integer == 70, "\(batch)")
            }
            #expect(batches.record.createCalls == 1)
            try await check(ledger, id, batches, rows: 70)
        }
    }

    @Test("a batch lost by the provider is an error, and booked at its upper bound")
    func forgotten() async throws {
        let batches = ScriptedBatches(.openAI)
        try await ProviderBatchService.with(
            batches,
            intercept: { request in
                request.method == "GET" && request.path.contains("/batches/batch_")
                    ? .json(#"{"error":{"message":"no such batch","type":"not_found"}}"#, status: 404) : nil
            }
        ) { models, ledger async throws in
            let id = try await ProviderBatchService.run(.openAI, at: models, ledger) { service async throws in
                let id = try await service.begin(rows: 3)
                let batch = try await service.wait(id)
                let errors = try await service.lines(batch, "error_file_id")
                #expect(
                    errors.map { $0["error"]?["code"]?.string } == Array(repeating: "provider_batch_lost", count: 3))
                #expect(
                    errors.allSatisfy {
                        $0["error"]?["message"]?.string?.contains("does not know the batch batch_1 any more") == true
                    })
                return id
            }
            try await check(ledger, id, batches, rows: 0, uncertain: 3)
        }
    }

    @Test("malformed lines between the results cost no row")
    func rubbish() async throws {
        let batches = ScriptedBatches(.openAI)
        batches.change { $0.writesMalformedLines = true }
        try await ProviderBatchService.with(batches) { models, ledger async throws in
            let id = try await ProviderBatchService.run(.openAI, at: models, ledger) { service async throws in
                let id = try await service.begin(rows: 4)
                #expect(try await service.wait(id)["request_counts"]?["completed"]?.integer == 4)
                return id
            }
            try await check(ledger, id, batches, rows: 4)
        }
    }

    @Test("what the budget cannot hold at once goes in turns, each within it; a provider's limits make several batches")
    func turns() async throws {
        let batches = ScriptedBatches(.openAI)
        try await ProviderBatchService.with(batches, script: Self.live) { models, ledger async throws in
            // A row is reserved at about 0.00005 USD and costs about 0.000016.
            let id = try await ProviderBatchService.run(.openAI, at: models, ledger, rows: 4) { service async throws in
                let id = try await service.begin(rows: 12, budget: "0.0003")
                let batch = try await service.wait(id)
                #expect(batch["request_counts"]?["completed"]?.integer == 12, "\(batch)")
                return id
            }
            #expect(batches.record.batches.count > 3 && batches.record.batches.allSatisfy { $0.rows.count <= 4 })
            #expect(Set(batches.record.batches.flatMap { $0.rows.map(\.prompt) }).count == 12)
            try await check(ledger, id, batches, rows: 12)
        }
    }
}
