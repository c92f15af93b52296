import Calls
import Dialects
import Domain
import ScriptedUpstream
import TestSupport
import Testing
import Upstream

@Suite("An order whose answer is lost")
struct BatchSubmitTests {
    @Test("is sent once, even where the connection breaks before the first byte", arguments: BatchLifeTests.interfaces)
    func once(interface: ScriptedBatches.Interface) async throws {
        var rules = ScriptedBatchRules()
        rules.lostAnswers = 1
        try await BatchLoopback.with(interface, rules: rules) { loopback async throws in
            // A kept connection is where libcurl itself would try again.
            _ = try await loopback.find(loopback.trace(try loopback.order()))
            let failure = try #require(await loopback.failure(try loopback.order()))
            guard case .reset = failure else {
                Issue.record("not a reset: \(failure)")
                return
            }
            #expect(failure.mayHaveMadeBatch)
            #expect(loopback.batches.record.createCalls == 1)
            #expect(loopback.batches.record.batches.count == 1)
        }
    }

    @Test("is found at OpenAI by its name when it is sent again, on whatever page of the list it stands")
    func foundByName() async throws {
        var rules = ScriptedBatchRules()
        rules.lostAnswers = 1
        rules.pageSize = 2
        try await BatchLoopback.with(.openAI, rules: rules) { loopback async throws in
            var order = try loopback.order()
            #expect(await loopback.failure(order)?.mayHaveMadeBatch == true)
            for _ in 0..<5 { loopback.batches.addUnrelated(rows: 4) }
            order.earlier = loopback.trace(order)
            let batch = try await loopback.client.submit(order)
            #expect(batch.id == "batch_1")
            #expect(batch.name == order.name)
            #expect(loopback.batches.record.createCalls == 1)
            #expect(loopback.batches.record.listCalls == 3)
        }
    }

    @Test("at Anthropic is not sent again while it cannot be told apart, and is found by its first result after that")
    func foundByResults() async throws {
        var rules = ScriptedBatchRules()
        rules.lostAnswers = 1
        rules.pollsUntilEnd = nil
        rules.pageSize = 1
        try await BatchLoopback.with(.anthropic, rules: rules) { loopback async throws in
            var order = try loopback.order()
            let other = loopback.batches.addUnrelated(rows: 4)
            loopback.batches.addUnrelated(rows: 7)
            #expect(await loopback.failure(order)?.mayHaveMadeBatch == true)
            order.earlier = loopback.trace(order)
            let undecided = await loopback.failure(order)
            #expect(undecided == .undecided(batches: ["batch_3", other]))
            #expect(undecided?.mayHaveMadeBatch == true)
            loopback.batches.endAll()
            let batch = try await loopback.client.submit(order)
            #expect(batch.id == "batch_3")
            #expect(batch.phase == .ended)
            #expect(loopback.batches.record.createCalls == 1)
        }
    }

    @Test("is not sent again at a server of OpenAI's dialect that forgets names, until the results have told")
    func forgottenName() async throws {
        var rules = ScriptedBatchRules()
        rules.lostAnswers = 1
        rules.storesMetadata = false
        try await BatchLoopback.with(.openAI, rules: rules) { loopback async throws in
            var order = try loopback.order()
            #expect(await loopback.failure(order)?.mayHaveMadeBatch == true)
            order.earlier = loopback.trace(order)
            #expect(await loopback.failure(order) == .undecided(batches: ["batch_1"]))
            loopback.batches.endAll()
            #expect(try await loopback.client.submit(order).id == "batch_1")
            #expect(loopback.batches.record.createCalls == 1)
        }
    }

    @Test("is sent again where the batch that it may have been was refused as a whole: it cost nothing")
    func refusedAsAWhole() async throws {
        var rules = ScriptedBatchRules()
        rules.lostAnswers = 1
        rules.storesMetadata = false
        rules.refusesBatchesWith = "not today"
        try await BatchLoopback.with(.openAI, rules: rules) { loopback async throws in
            var order = try loopback.order()
            #expect(await loopback.failure(order)?.mayHaveMadeBatch == true)
            loopback.batches.endAll()
            order.earlier = loopback.trace(order)
            #expect(try await loopback.client.submit(order).id == "batch_2")
        }
    }

    @Test("is not looked for under another name, or with other rows")
    func otherTrace() async throws {
        try await BatchLoopback.with(.openAI) { loopback async throws in
            var order = try loopback.order()
            order.earlier = loopback.trace(try loopback.order("b-2"))
            #expect(await loopback.failure(order)?.mayHaveMadeBatch == false)
            order.earlier = loopback.trace(try loopback.order(rows: 3))
            #expect(await loopback.failure(order)?.mayHaveMadeBatch == false)
            #expect(loopback.loopback.server.record.calls == 0)
        }
    }

    @Test("at Anthropic is sent again when every batch that it might have been has turned out to be another")
    func othersEnd() async throws {
        var rules = ScriptedBatchRules()
        rules.lostRequests = 1
        rules.pollsUntilEnd = nil
        try await BatchLoopback.with(.anthropic, rules: rules) { loopback async throws in
            var order = try loopback.order()
            let other = loopback.batches.addUnrelated(rows: 4)
            #expect(await loopback.failure(order)?.mayHaveMadeBatch == true)
            order.earlier = loopback.trace(order)
            #expect(await loopback.failure(order) == .undecided(batches: [other]))
            loopback.batches.endAll()
            #expect(try await loopback.client.submit(order).id == "batch_2")
            #expect(loopback.batches.record.createCalls == 2)
        }
    }

    @Test("is sent at once again where the provider said no", arguments: BatchLifeTests.interfaces)
    func refused(interface: ScriptedBatches.Interface) async throws {
        var rules = ScriptedBatchRules()
        rules.refusals = 1
        try await BatchLoopback.with(interface, rules: rules) { loopback async throws in
            let order = try loopback.order()
            let failure = try #require(await loopback.failure(order))
            #expect(!failure.mayHaveMadeBatch)
            guard case .status(let status) = failure else {
                Issue.record("not a status: \(failure)")
                return
            }
            #expect(status.retryAfterSeconds == 7)
            #expect(try await loopback.client.submit(order).total == 4)
            #expect(loopback.batches.record.batches.count == 1)
        }
    }

    @Test(
        "is paid once, whatever happens on the way, by a caller who keeps to the rules",
        arguments: BatchLifeTests.interfaces, 0..<20 as Range<UInt64>)
    func paidOnce(interface: ScriptedBatches.Interface, seed: UInt64) async throws {
        try await BatchLoopback.with(interface) { loopback async throws in
            var random = SplitMix64(seed: seed)
            for number in 0..<3 {
                let (refusals, lostAnswers, lostRequests, emptyLists) = (
                    Int.random(in: 0...1, using: &random), Int.random(in: 0...1, using: &random),
                    Int.random(in: 0...2, using: &random), Int.random(in: 0...1, using: &random)
                )
                loopback.batches.change { rules in
                    rules.refusals = refusals
                    rules.lostAnswers = lostAnswers
                    rules.lostRequests = lostRequests
                    // The list lags behind by one look.
                    rules.emptyLists = emptyLists
                    rules.pageSize = 2
                }
                if Bool.random(using: &random) { loopback.batches.addUnrelated(rows: 4) }
                let batch = try await send(try loopback.order("b-\(number)"), loopback)
                let ended = try await loopback.poll(batch.id)
                #expect(Set(try await loopback.results(ended).answers.keys).count == 4)
            }
            let own = loopback.batches.record.billedRows.filter { $0.key.hasPrefix("b-") }
            #expect(own.count == 12)
            #expect(own.values.allSatisfy { $0 == 1 })
        }
    }

    /// Sends an order until it is there, as the engine does.
    private func send(_ order: ProviderBatchSubmission, _ loopback: BatchLoopback) async throws -> ProviderBatch {
        var order = order
        for _ in 0..<20 {
            do throws(UpstreamError) {
                return try await loopback.client.submit(order)
            } catch {
                if case .undecided = error { loopback.batches.endAll() }
                guard error.mayHaveMadeBatch else { continue }
                order.earlier = loopback.trace(order)
                order.earlier?.settling = .milliseconds(1)
            }
        }
        Issue.record("the order was never taken")
        throw UpstreamError.cancelled
    }

    /// Steele, Lea, Flood: Fast splittable pseudorandom number generators (2014).
    private struct SplitMix64: RandomNumberGenerator {
        var state: UInt64

        init(seed: UInt64) { state = seed }

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }
    }

    @Test(
        "may have made a batch, unless it is certain that nothing arrived",
        arguments: [
            (UpstreamError.connect(host: "h", reason: ""), false), (.invalidRequest(reason: ""), false),
            (.tls(host: "h", reason: ""), false), (.overloaded(waiting: 1), false),
            (.timeout(.connect, after: .zero, host: "h", bytesReceived: 0), false),
            (.timeout(.firstByte, after: .zero, host: "h", bytesReceived: 0), true),
            (.reset(host: "h", bytesReceived: 0), true), (.malformed(host: "h", reason: ""), true),
            (.cancelled, true), (.stopped, true), (.undecided(batches: []), true), (status(429), false),
            (status(400), false), (status(408), true), (status(502), true), (status(0), true),
        ])
    func certainty(error: UpstreamError, mayHaveMade: Bool) {
        #expect(error.mayHaveMadeBatch == mayHaveMade)
    }

    private static func status(_ status: Int) -> UpstreamError {
        .status(
            UpstreamFailure(status: status, code: nil, message: "", retryAfterSeconds: nil, isRetryable: false))
    }
}
