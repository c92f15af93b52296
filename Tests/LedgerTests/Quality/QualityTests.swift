import Domain
import Testing

@testable import Ledger

@Suite("Measured quality in the ledger")
struct QualityTests {
    private func observation(
        _ id: String, source: QualitySource = .feedback, target: QualityTarget = .step("step-1"), score: Double,
        model: ModelID? = "openai/small"
    ) -> QualityObservation {
        QualityObservation(
            id: id, source: source, caller: "key-1", target: target, decisionID: "decision-1", runID: "run-1",
            model: model, reference: "openai/large", policy: "careful", predictedQuality: 0.75,
            predictedSimilarity: 0.5, score: score, comment: "so so", at: Sample.noon)
    }

    @Test("an observation is read back as written")
    func kept() async throws {
        try await TemporaryLedger.with { ledger, _ async throws in
            let several = observation("b", target: .job("job-1"), score: 0.25, model: nil)
            #expect(try await ledger.write { try $0.observe(observation("a", score: 1)) })
            #expect(try await ledger.write { try $0.observe(several) })
            #expect(
                try await ledger.read { try $0.latestObservations(limit: 10) } == [observation("a", score: 1), several])
            #expect(try await ledger.read { try $0.latestObservations(limit: 1) } == [several])
        }
    }

    @Test("a second score of the same caller on the same target replaces the first")
    func replaced() async throws {
        try await TemporaryLedger.with { ledger, _ async throws in
            #expect(try await ledger.write { try $0.observe(observation("a", score: 1)) })
            #expect(try await !ledger.write { try $0.observe(observation("b", score: 0)) })
            #expect(try await ledger.read { try $0.latestObservations(limit: 10) } == [observation("a", score: 0)])
        }
    }

    @Test("observations are summed by source, model and policy since a moment")
    func sums() async throws {
        try await TemporaryLedger.with { ledger, _ async throws in
            for (index, score) in [1, 0.5, 0].enumerated() {
                _ = try await ledger.write {
                    try $0.observe(observation("\(index)", target: .step("step-\(index)"), score: score))
                }
            }
            _ = try await ledger.write { try $0.observe(observation("audit", source: .audit, score: 1)) }
            let sums = try await ledger.read { try $0.qualitySums(since: Sample.noon) }
            #expect(
                sums == [
                    QualitySums(
                        source: .audit, model: "openai/small", policy: "careful", count: 1, sum: 1, sumOfSquares: 1),
                    QualitySums(
                        source: .feedback, model: "openai/small", policy: "careful", count: 3, sum: 1.5,
                        sumOfSquares: 1.25),
                ])
            #expect(try await ledger.read { try $0.qualitySums(since: Sample.noon.advanced(bySeconds: 1)) }.isEmpty)
        }
    }

    @Test("a score outside 0...1 is refused", arguments: [-0.1, 1.1, .nan, .infinity])
    func refused(score: Double) async throws {
        try await TemporaryLedger.with { ledger, _ async throws in
            await #expect(throws: LedgerError.self) {
                try await ledger.write { try $0.observe(observation("a", score: score)) }
            }
        }
    }

    @Test("versions of the calibration are stored, and their status can change")
    func calibrations() async throws {
        try await TemporaryLedger.with { ledger, _ async throws in
            var first = CalibrationRecord(
                version: 1, status: .active, body: Array("{}".utf8), note: "better", at: Sample.noon)
            let second = CalibrationRecord(
                version: 2, status: .rejected, body: Array("{}".utf8), note: "worse", at: Sample.noon)
            try await ledger.write { [first] in try $0.saveCalibration(first) }
            try await ledger.write { try $0.saveCalibration(second) }
            first.status = .rolledBack
            try await ledger.write { [first] in try $0.saveCalibration(first) }
            #expect(try await ledger.read { try $0.calibrations(limit: 5) } == [second, first])
        }
    }

    @Test("the controllers' state is stored next to the versions, and the last write wins")
    func control() async throws {
        try await TemporaryLedger.with { ledger, _ async throws in
            #expect(try await ledger.read { try $0.control() } == nil)
            try await ledger.write { try $0.saveControl(Array("{\"a\":1}".utf8), at: Sample.noon) }
            try await ledger.write { try $0.saveControl(Array("{\"a\":2}".utf8), at: Sample.noon) }
            #expect(try await ledger.read { try $0.control() } == Array("{\"a\":2}".utf8))
            #expect(try await ledger.read { try $0.calibrations(limit: 5) }.isEmpty)
        }
    }

    @Test("a step is found by its id")
    func step() async throws {
        try await TemporaryLedger.with { ledger, _ async throws in
            let step = StepRecord(id: "step-1", runID: "run-1", position: 2, detail: Array("{}".utf8), at: Sample.noon)
            _ = try await ledger.commitStep(StepCommit(steps: [step]))
            #expect(try await ledger.read { try $0.step("step-1") } == step)
            #expect(try await ledger.read { try $0.step("step-2") } == nil)
        }
    }
}
