import Domain
import Testing

@testable import Ledger

@Suite struct StepTests {
    private let job = JobRecord(
        id: "job-1", status: .running, spec: Array("{}".utf8), state: Array("{\"step\":1}".utf8),
        attribution: Attribution(job: "job-1"), createdAt: Sample.noon, updatedAt: Sample.noon)

    private func event(_ type: String) -> NewJobEvent {
        NewJobEvent(jobID: "job-1", type: type, data: Array("{\"a\":1}".utf8), at: Sample.noon)
    }

    private let step = StepRecord(
        id: "step-1", runID: "run-1", position: 1, decisionID: "decision-1", entryID: "r", model: "openai/small",
        detail: Array("{}".utf8), at: Sample.noon)

    @Test("a step's commit writes all its parts")
    func whole() async throws {
        try await TemporaryLedger.with { ledger, _ in
            _ = try await ledger.reserve(Sample.request("r", nanoUSD: 500))
            _ = try await ledger.reserve(Sample.request("unused", nanoUSD: 500))
            let decision = DecisionRecord(
                decision: Sample.decision, attribution: Attribution(job: "job-1"), at: Sample.noon)
            let receipt = try await ledger.commitStep(
                StepCommit(
                    settlements: [("r", Sample.entry("r", nanoUSD: 100))], releases: ["unused"], decisions: [decision],
                    steps: [step], job: job, events: [event("step"), event("done")]))
            #expect(receipt.settlements.map(\.entryID) == ["r"])
            #expect(receipt.eventSequences == [1, 2])
            #expect(try await ledger.read { try $0.openReservations() }.isEmpty)
            #expect(try await ledger.read { try $0.decision("decision-1") } == decision)
            #expect(try await ledger.read { try $0.steps(ofRun: "run-1") } == [step])
            #expect(try await ledger.read { try $0.job("job-1") } == job)
            #expect(try await ledger.read { try $0.events(ofJob: "job-1", after: 1) }.map(\.event.type) == ["done"])
        }
    }

    @Test("a commit with a refused part writes nothing")
    func nothing() async throws {
        try await TemporaryLedger.with { ledger, _ in
            _ = try await ledger.reserve(Sample.request("r", nanoUSD: 500))
            await #expect(throws: LedgerError.unknownReservation("missing")) {
                try await ledger.commitStep(
                    StepCommit(
                        settlements: [
                            ("r", Sample.entry("r", nanoUSD: 100)), ("missing", Sample.entry("m", nanoUSD: 100)),
                        ], steps: [step], job: job, events: [event("step")]))
            }
            #expect(try await ledger.read { try $0.openReservations() }.count == 1)
            #expect(try await ledger.read { try $0.entry("r") } == nil)
            #expect(try await ledger.read { try $0.job("job-1") } == nil)
            #expect(try await ledger.read { try $0.events(ofJob: "job-1", after: 0) }.isEmpty)
            #expect(try await ledger.read { try $0.verify() }.differences == [])
        }
    }

    @Test("saving a job replaces it, and jobs are listed by state, newest first")
    func jobs() async throws {
        try await TemporaryLedger.with { ledger, _ in
            var first = job
            try await ledger.write { [first] in try $0.saveJob(first) }
            first.status = .completed
            first.result = Array("\"4\"".utf8)
            first.updatedAt = Sample.noon.advanced(bySeconds: 1)
            try await ledger.write { [first] in try $0.saveJob(first) }
            var second = job
            second.id = "job-2"
            second.attribution.job = "job-2"
            second.createdAt = Sample.noon.advanced(bySeconds: 5)
            try await ledger.write { [second] in try $0.saveJob(second) }
            #expect(try await ledger.read { try $0.job("job-1") } == first)
            #expect(try await ledger.read { try $0.jobs(in: [.completed], limit: 10) } == [first])
            #expect(try await ledger.read { try $0.jobs(in: [], limit: 10) }.map(\.id) == ["job-2", "job-1"])
            #expect(try await ledger.read { try $0.jobs(in: [.running, .completed], limit: 1) }.map(\.id) == ["job-2"])
            #expect(try await ledger.read { try $0.job("job-3") } == nil)
        }
    }

    @Test("a repeated decision is stored once, and another one with its id is refused")
    func decisions() async throws {
        try await TemporaryLedger.with { ledger, _ in
            let record = DecisionRecord(decision: Sample.decision, attribution: Attribution(), at: Sample.noon)
            try await ledger.write { try $0.record(record) }
            try await ledger.write { try $0.record(record) }
            var other = record
            other.decision.model = "openai/large"
            await #expect(throws: LedgerError.duplicate(kind: "decision", id: "decision-1")) {
                try await ledger.write { [other] in try $0.record(other) }
            }
            #expect(try await ledger.read { try $0.decision("none") } == nil)
        }
    }

    @Test("a decision keeps how each model is asked: sources with their worth, and effort")
    func ways() async throws {
        try await TemporaryLedger.with { ledger, _ in
            var decision = Sample.decision
            decision.candidates[0].sources = SourceChoice(
                sent: ["a"], left: ["b"], mask: 1,
                worths: [SourceWorth(id: "a", isSent: true, gain: 0.125, cost: Money(nanoUSD: 7))])
            decision.candidates[0].effort = EffortChoice(
                level: EffortLevel(effort: .low, parameters: EffortParameters(), length: 1, source: ""), own: .medium,
                ownQuality: 0.75, ownCost: Money(nanoUSD: 40))
            decision.candidates[1].effort = decision.candidates[0].effort
            let record = DecisionRecord(decision: decision, attribution: Attribution(), at: Sample.noon)
            try await ledger.write { try $0.record(record) }
            let read = try #require(try await ledger.read { try $0.decision("decision-1") })
            #expect(read.decision.candidates == decision.candidates)
            let remark = read.decision.candidates[0].sources?.remarks.first
            #expect(remark?.hasPrefix("a sent: expected to add 0.1") == true)
        }
    }

    @Test("decisions of earlier versions, whose candidates are objects, are read")
    func earlierDecision() throws {
        let json = #"""
            {"id":"d","run":"r","step":"s","position":1,"model":"a","reference":"b","kappa":0.5,"stage":"plan",
            "reason":"","considered":[],"candidates":[{"model":"a","placement":"cloud","quality":0.5,"deviation":0.1,
            "output_tokens_mean":10,"output_tokens_p95":20,"prior":"small","usual":0.4,"ability":null,"known_share":null,
            "similarity":0.9,"request_similarity":null,"api_nano_usd":7,"energy_nano_usd":0,"hardware_nano_usd":0,
            "worst_case_nano_usd":9,"latency_s":1.5,"energy_j":0,"service_tier":"flex","rejection":null}],
            "fallbacks":["b"],"catalog":"c"}
            """#
        let decision = try #require(Decision(json: Array(json.utf8)))
        let candidate = try #require(decision.candidates.first)
        #expect(candidate.prediction.basis == .prior(.small) && candidate.prediction.usual == 0.4)
        #expect(candidate.serviceTier == .flex && candidate.worstCaseCost == Money(nanoUSD: 9))
        #expect(Decision(json: decision.json) == decision)
    }

    @Test("bytes that are no decision are not decoded")
    func damagedDecision() {
        let json = Sample.decision.json
        #expect(Decision(json: json) == Sample.decision)
        for length in stride(from: 0, to: json.count, by: 7) {
            #expect(Decision(json: Array(json.prefix(length))) == nil)
        }
    }
}
