import Calls
import Dialects
import Domain
import JSON
import ScriptedUpstream
import TestSupport
import Testing
import Upstream

@Suite("A provider's batch")
struct BatchLifeTests {
    static let interfaces: [ScriptedBatches.Interface] = [.openAI, .anthropic]

    @Test("is sent, asked after, and read, and every row is billed once", arguments: interfaces)
    func life(interface: ScriptedBatches.Interface) async throws {
        var rules = ScriptedBatchRules()
        rules.pollsUntilEnd = 2
        try await BatchLoopback.with(interface, rules: rules) { loopback async throws in
            let order = try loopback.order(rows: 5)
            let batch = try await loopback.client.submit(order)
            #expect(batch.phase == .underWay)
            #expect(batch.total == 5)
            #expect(!batch.isOver)
            let first = try await loopback.poll(batch.id)
            #expect(first.phase == .underWay)
            #expect(first.resultFiles.isEmpty)
            let second = try await loopback.poll(batch.id)
            #expect(second.phase == .ended)
            #expect(second.completed == 5)
            let harvest = try await loopback.results(second)
            #expect(Set(harvest.answers.keys) == Set(order.rows.map(\.customID)))
            #expect(harvest.answers["b-1_3"]?.text == "answer to question 3")
            #expect(harvest.answers["b-1_3"]?.model == order.endpoint.modelName)
            #expect(harvest.answers["b-1_3"]?.usage?.input == 20)
            #expect(harvest.answers["b-1_3"]?.usage?.output == 5)
            let record = loopback.batches.record
            #expect(record.createCalls == 1)
            #expect(record.listCalls == 0)
            #expect(record.billedRows == Dictionary(uniqueKeysWithValues: order.rows.map { ($0.customID, 1) }))
        }
    }

    @Test("gives its answers in OpenAI's format", arguments: interfaces)
    func format(interface: ScriptedBatches.Interface) async throws {
        try await BatchLoopback.with(interface) { loopback async throws in
            let batch = try await loopback.client.submit(try loopback.order())
            let harvest = try await loopback.results(try await loopback.poll(batch.id))
            let body = try JSONDocument(try #require(harvest.bodies["b-1_0"])).root
            #expect(body["object"]?.string == "chat.completion")
            let message = body["choices"]?.elements.first { _ in true }?["message"]
            #expect(message?["content"]?.string == "answer to question 0")
        }
    }

    @Test("with rows that fail gives their errors, and the others' answers", arguments: interfaces)
    func failedRow(interface: ScriptedBatches.Interface) async throws {
        var rules = ScriptedBatchRules()
        rules.fails = { $0.prompt.hasSuffix("2") }
        try await BatchLoopback.with(interface, rules: rules) { loopback async throws in
            let batch = try await loopback.client.submit(try loopback.order())
            let ended = try await loopback.poll(batch.id)
            #expect(ended.phase == .ended)
            #expect(ended.completed == 3)
            #expect(ended.failed == 1)
            let harvest = try await loopback.results(ended)
            #expect(Set(harvest.answers.keys) == ["b-1_0", "b-1_1", "b-1_3"])
            let failure = try #require(harvest.failures["b-1_2"])
            #expect(failure.status == 400)
            #expect(!failure.isRetryable)
            #expect(failure.message == "the row is wrong")
            #expect(loopback.batches.record.billedRows["b-1_2"] == nil)
        }
    }

    @Test("in which every row fails has no answers and all errors", arguments: interfaces)
    func allFail(interface: ScriptedBatches.Interface) async throws {
        var rules = ScriptedBatchRules()
        rules.fails = { _ in true }
        try await BatchLoopback.with(interface, rules: rules) { loopback async throws in
            let batch = try await loopback.client.submit(try loopback.order())
            let harvest = try await loopback.results(try await loopback.poll(batch.id))
            #expect(harvest.failures.count == 4)
            #expect(harvest.answers.isEmpty)
        }
    }

    @Test("whose day runs out has the answers that were done, and the rest as expired", arguments: interfaces)
    func expired(interface: ScriptedBatches.Interface) async throws {
        var rules = ScriptedBatchRules()
        rules.expires = true
        try await BatchLoopback.with(interface, rules: rules) { loopback async throws in
            let batch = try await loopback.client.submit(try loopback.order())
            let ended = try await loopback.poll(batch.id)
            #expect(ended.phase == .expired)
            #expect(ended.isOver)
            let harvest = try await loopback.results(ended)
            #expect(Set(harvest.answers.keys) == ["b-1_0", "b-1_1"])
            #expect(harvest.expired == ["b-1_2", "b-1_3"])
            #expect(loopback.batches.record.billedRows == ["b-1_0": 1, "b-1_1": 1])
        }
    }

    @Test("that is cancelled has the answers that were done, and the rest as cancelled", arguments: interfaces)
    func cancelled(interface: ScriptedBatches.Interface) async throws {
        var rules = ScriptedBatchRules()
        rules.rowsDoneBeforeStop = 1
        try await BatchLoopback.with(interface, rules: rules) { loopback async throws in
            let batch = try await loopback.client.submit(try loopback.order())
            let cancelling = try await loopback.client.cancelBatch(
                batch.id, endpoint: loopback.endpoint, credentials: Loopback.credentials)
            #expect(cancelling.phase == .cancelling)
            #expect(!cancelling.isOver)
            let ended = try await loopback.poll(batch.id)
            #expect(ended.phase == .cancelled)
            let harvest = try await loopback.results(ended)
            #expect(Set(harvest.answers.keys) == ["b-1_0"])
            #expect(harvest.cancelled == ["b-1_1", "b-1_2", "b-1_3"])
        }
    }

    @Test("that OpenAI refuses as a whole says why, with the line, and has no results")
    func refused() async throws {
        var rules = ScriptedBatchRules()
        rules.refusesBatchesWith = "the model is not there"
        try await BatchLoopback.with(.openAI, rules: rules) { loopback async throws in
            let batch = try await loopback.client.submit(try loopback.order())
            let ended = try await loopback.poll(batch.id)
            #expect(ended.phase == .failed(reason: "line 1: the model is not there"))
            #expect(ended.isOver)
            #expect(ended.resultFiles.isEmpty)
            #expect(loopback.batches.record.billedRows.isEmpty)
        }
    }

    @Test("is asked after where it is unknown: the provider's error is told", arguments: interfaces)
    func unknown(interface: ScriptedBatches.Interface) async throws {
        try await BatchLoopback.with(interface) { loopback async throws in
            let failure = await #expect(throws: UpstreamError.self) { _ = try await loopback.poll("batch_9") }
            guard case .status(let status) = failure else {
                Issue.record("not a status: \(String(describing: failure))")
                return
            }
            #expect(status.status == 404)
        }
    }
}
