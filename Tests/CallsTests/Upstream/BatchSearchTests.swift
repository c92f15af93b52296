import Calls
import Dialects
import Domain
import ScriptedUpstream
import TestSupport
import Testing
import Upstream

@Suite("Looking for a batch")
struct BatchSearchTests {
    @Test("finds nothing where nothing was made", arguments: BatchLifeTests.interfaces)
    func absent(interface: ScriptedBatches.Interface) async throws {
        try await BatchLoopback.with(interface) { loopback async throws in
            loopback.batches.addUnrelated(rows: 3)
            #expect(try await loopback.find(loopback.trace(try loopback.order())) == .absent)
        }
    }

    @Test("does not believe a list that is behind: it looks again before it says absent")
    func lag() async throws {
        var rules = ScriptedBatchRules()
        rules.emptyLists = 1
        try await BatchLoopback.with(.openAI, rules: rules) { loopback async throws in
            let order = try loopback.order()
            let batch = try await loopback.client.submit(order)
            var trace = loopback.trace(order)
            trace.settling = .milliseconds(1)
            guard case .found(let found) = try await loopback.find(trace) else {
                Issue.record("it was not found")
                return
            }
            #expect(found.id == batch.id)
            #expect(loopback.batches.record.listCalls == 2)
        }
    }

    @Test("at Anthropic passes over batches known to be others, older ones, and those with other numbers of rows")
    func passesOver() async throws {
        try await BatchLoopback.with(.anthropic) { loopback async throws in
            let known = loopback.batches.addUnrelated(rows: 4)
            let old = Int(Timestamp.now().seconds) - 3600
            loopback.batches.addUnrelated(rows: 4, createdAt: old)
            loopback.batches.addUnrelated(rows: 5)
            let trace = loopback.trace(try loopback.order(), others: [known])
            #expect(try await loopback.find(trace) == .absent)
        }
    }

    @Test("allows for a provider's clock that is behind by minutes")
    func skew() async throws {
        try await BatchLoopback.with(.anthropic) { loopback async throws in
            let behind = loopback.batches.addUnrelated(rows: 4, createdAt: Int(Timestamp.now().seconds) - 360)
            #expect(try await loopback.find(loopback.trace(try loopback.order())) == .undecided([behind]))
        }
    }

    @Test("reads no further than the pages that may hold it", arguments: BatchLifeTests.interfaces)
    func leavesOldPages(interface: ScriptedBatches.Interface) async throws {
        var rules = ScriptedBatchRules()
        rules.pageSize = 2
        try await BatchLoopback.with(interface, rules: rules) { loopback async throws in
            let old = Int(Timestamp.now().seconds) - 86_400
            for _ in 0..<20 { loopback.batches.addUnrelated(rows: 4, createdAt: old) }
            loopback.batches.addUnrelated(rows: 9)
            #expect(try await loopback.find(loopback.trace(try loopback.order())) == .absent)
            #expect(loopback.batches.record.listCalls == 2)
        }
    }

    @Test("at Anthropic cannot decide where results are kept elsewhere: the key is not sent there")
    func elsewhere() async throws {
        var rules = ScriptedBatchRules()
        rules.resultsURL = "http://127.0.0.1:9/results"
        try await BatchLoopback.with(.anthropic, rules: rules) { loopback async throws in
            let order = try loopback.order()
            let batch = try await loopback.client.submit(order)
            loopback.batches.endAll()
            #expect(try await loopback.find(loopback.trace(order)) == .undecided([batch.id]))
        }
    }

    @Test(
        "a list that is none, or goes in a circle, is an error and not an absence",
        arguments: [
            #"{"object":"list"}"#, "[]", "no",
            #"{"data":[{"id":"batch_1","status":"in_progress"}],"has_more":true}"#,
            #"{"data":[{"status":"in_progress"}],"has_more":false}"#,
            #"{"data":[{"id":"../x","status":"in_progress"}],"has_more":false}"#,
        ])
    func brokenList(body: String) async throws {
        try await Loopback.with { _ in
            .json(body)
        } _: { loopback async throws in
            let endpoint = BatchLoopback.endpoint(.openAI, baseURL: loopback.server.baseURL)
            let failure = await #expect(throws: UpstreamError.self) {
                _ = try await loopback.client.find(
                    LostProviderBatch(name: "b-1", rows: 1, since: .now(), settling: .zero), endpoint: endpoint,
                    credentials: .none)
            }
            guard case .malformed = failure else {
                Issue.record("not malformed: \(String(describing: failure))")
                return
            }
        }
    }
}
