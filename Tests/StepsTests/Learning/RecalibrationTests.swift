import Domain
import Ledger
import TestSupport
import Testing

@testable import Steps

@Suite("Recalibration")
struct RecalibrationTests {
    static let start = Timestamp(milliseconds: 1_790_000_000_000)

    /// Audits of a model whose true quality is the prediction to the power `bias`.
    static func audits(
        _ count: Int, bias: Double, from offset: Int = 0, seed: UInt64 = 1, model: ModelID = "small"
    ) -> [QualityObservation] {
        var generator = SeededGenerator(seed: seed)
        return (0..<count).map { index in
            let predicted = Double.random(in: 0.05...0.95, using: &generator)
            var truth = predicted
            for _ in 1..<max(Int(bias), 1) { truth *= predicted }
            let score = Double.random(in: 0..<1, using: &generator) < truth ? 1.0 : 0.0
            return QualityObservation(
                id: "obs_\(offset + index)", source: .audit, target: .step("step_\(offset + index)"), runID: "run",
                model: model, reference: "large", predictedQuality: predicted, predictedSimilarity: predicted,
                score: score, at: start.advanced(bySeconds: Double(offset + index + 1)))
        }
    }

    @Test("overrated models are corrected downwards, and the held-out error falls")
    func corrected() throws {
        guard
            case .activate(let calibration, let note) = Recalibration(
                versions: [], observations: Self.audits(600, bias: 3)
            ).outcome()
        else {
            Issue.record("nothing was activated")
            return
        }
        #expect(calibration.quality(0.5, of: "small") < 0.3)
        #expect(calibration.quality(0.5, of: "other") == 0.5, "of other models nothing is known")
        #expect(note.contains("kept back"))
        let order = [0.1, 0.3, 0.5, 0.7, 0.9].map { calibration.quality($0, of: "small") }
        #expect(order == order.sorted(), "the order of predictions stays")
    }

    @Test("correct predictions are not replaced")
    func rejected() {
        guard case .reject = Recalibration(versions: [], observations: Self.audits(600, bias: 1)).outcome() else {
            Issue.record("a correction of right predictions was used")
            return
        }
    }

    @Test("few observations change nothing")
    func few() {
        #expect(Recalibration(versions: [], observations: Self.audits(29, bias: 3)).outcome() == .nothing)
    }

    @Test("a version that predicts later audits worse than its predecessor is rolled back")
    func rollBack() {
        let pessimist = ModelCalibration(maps: [
            "small": .init(
                quality: PlattMap(slope: 1, offset: -3), similarity: PlattMap(slope: 1, offset: -3), rows: 100)
        ])
        let version = Recalibration.Version(
            number: 1, since: Self.start.advanced(bySeconds: 100), calibration: pessimist)
        // Predictions are stored as corrected; the outcomes follow the uncorrected estimates.
        let later = Self.audits(60, bias: 1, from: 200).map { row in
            var row = row
            row.predictedQuality = row.predictedQuality.map { pessimist.quality($0, of: "small") }
            row.predictedSimilarity = row.predictedSimilarity.map { pessimist.similarity($0, of: "small") }
            return row
        }
        guard
            case .rollBack(let note) = Recalibration(
                versions: [.first, version], observations: Self.audits(100, bias: 1) + later
            ).outcome()
        else {
            Issue.record("the bad version stayed")
            return
        }
        #expect(note.contains("version 0"))
    }

    @Test("a calibration round-trips through JSON, and its inverse undoes it")
    func coding() throws {
        let calibration = ModelCalibration.fit(Self.audits(300, bias: 2))
        #expect(ModelCalibration(json: calibration.json) == calibration)
        #expect(ModelCalibration(json: Array("[]".utf8)) == nil)
        let map = PlattMap(slope: 0.7, offset: -0.4)
        for probability in [0.1, 0.4, 0.9] { #expect(abs(map.inverse(map(probability)) - probability) < 1e-9) }
    }

    @Test("a fit preserves the order of predictions")
    func slope() {
        let wrong = (0..<200).map { (predicted: $0 % 2 == 0 ? 0.9 : 0.1, outcome: $0 % 2 == 0 ? 0.0 : 1.0) }
        #expect(PlattMap.fit(wrong).slope > 0)
    }

    @Test("drift is detected only where answers are worse than predicted")
    func drift() {
        var generator = SeededGenerator(seed: 3)
        var calm = DriftDetector()
        var alarms = 0
        for _ in 0..<400 {
            let outcome = Double.random(in: 0..<1, using: &generator) < 0.7 ? 1.0 : 0
            if calm.observe(predicted: 0.7, outcome: outcome) { alarms += 1 }
        }
        #expect(alarms <= 1)
        var drifting = DriftDetector()
        var seenAfter: Int?
        for index in 0..<200 where seenAfter == nil {
            if drifting.observe(
                predicted: 0.8, outcome: Double.random(in: 0..<1, using: &generator) < 0.3 ? 1 : 0)
            {
                seenAfter = index
            }
        }
        #expect((seenAfter ?? 1000) < 60)
        let isAlarmed = drifting.observe(predicted: .nan, outcome: 1)
        #expect(!isAlarmed)
    }
}
