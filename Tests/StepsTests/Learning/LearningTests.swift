import Domain
import Foundation
import Ledger
import Logging
import Routing
import TestSupport
import Testing

@testable import Steps

@Suite("Learning while serving")
struct LearningTests {
    private func with(_ body: (LedgerStore, Learning) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("hera-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let ledger = try LedgerStore.sqlite(path: folder.appendingPathComponent("ledger.sqlite").path)
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        do {
            try await body(ledger, Learning(ledger: ledger, logger: logger))
            await ledger.close()
        } catch {
            await ledger.close()
            throw error
        }
    }

    @Test("a learned calibration is stored as a version, used at once and reloaded after a restart")
    func versions() async throws {
        try await with { ledger, learning async throws in
            for row in RecalibrationTests.audits(300, bias: 3) { _ = try await learning.observe(row, share: 0.1) }
            #expect(learning.version == 0)
            await learning.reestimate("500 steps")
            #expect(learning.version == 1)
            #expect(learning.calibration.quality(0.5, of: "small") < 0.35)
            let kept = try await ledger.read { try $0.calibrations(limit: 5) }
            #expect(kept.map(\.status) == [.active])
            #expect(kept.first?.note.hasPrefix("500 steps: ") == true)
            let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            let later = Learning(ledger: ledger, logger: logger)
            await later.load()
            #expect(later.version == 1)
            #expect(later.calibration == learning.calibration)
        }
    }

    @Test("measured quality and the kappa offset are stored and restored by the next process")
    func control() async throws {
        try await with { ledger, learning async throws in
            let policy = Policy(minAccuracy: 0.9, kappa: .published)
            let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            let later = Learning(ledger: ledger, logger: logger)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await learning.run() }
                for row in RecalibrationTests.audits(60, bias: 3) {
                    learning.recordStep(by: "small", policyName: nil, policy: policy)
                    _ = try await learning.observe(row, share: 0.5)
                }
                let offset = learning.kappaOffset(policyName: nil, policy: policy)
                #expect(offset > 0.01, "the answers are worse than the target")
                #expect(later.kappaOffset(policyName: nil, policy: policy) == 0)
                // Saved while the first process still runs, since it may be killed at any time.
                for _ in 0..<500 where later.kappaOffset(policyName: nil, policy: policy) != offset {
                    try await Task.sleep(for: .milliseconds(10))
                    await later.load()
                }
                #expect(later.kappaOffset(policyName: nil, policy: policy) == offset)
                group.cancelAll()
            }
            #expect(
                later.kappaOffset(policyName: nil, policy: Policy(minAccuracy: 0.5, kappa: .published)) == 0,
                "another target")
            let (before, after) = (learning.quality[""], later.quality[""])
            #expect(after?.estimate.mean == before?.estimate.mean)
            later.recordStep(by: "small", policyName: nil, policy: policy)
            #expect(later.quality[""]?.controller?.offset == before?.controller?.offset)
            #expect(later.quality[""]?.controller?.estimate.effectiveSamples ?? 0 > 40, "it knows what was looked at")
        }
    }

    @Test("five hundred steps or drift trigger a re-estimation", arguments: [true, false])
    func triggers(byDrift: Bool) async throws {
        try await with { ledger, learning async throws in
            // Without bias there is no drift, and the fit is no better than the version in use.
            let rows = RecalibrationTests.audits(200, bias: byDrift ? 4 : 1)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await learning.run() }
                for row in rows { _ = try await learning.observe(row, share: 1) }
                if !byDrift {
                    for _ in 1..<Learning.stepsBetween {
                        learning.recordStep(by: "small", policyName: nil, policy: Policy(kappa: .published))
                    }
                    #expect(
                        try await ledger.read { try $0.calibrations(limit: 1) }.isEmpty,
                        "neither drift nor enough steps")
                    learning.recordStep(by: "small", policyName: nil, policy: Policy(kappa: .published))
                }
                try await waitUntil { try await !ledger.read({ try $0.calibrations(limit: 1) }).isEmpty }
                group.cancelAll()
            }
            let notes = try await ledger.read { try $0.calibrations(limit: 10) }.map(\.note)
            #expect(!notes.isEmpty)
            #expect(notes.allSatisfy { $0.hasPrefix(byDrift ? "drift of small: " : "500 steps: ") }, "\(notes)")
        }
    }

    @Test("non-finite estimates pass through to the rule")
    func notANumber() {
        struct Broken: Estimating, StepEstimates {
            func estimates(of text: StepText, for models: [Model]) -> any StepEstimates { self }
            func prediction(for model: Model) -> Prediction {
                Prediction(
                    quality: .nan, deviation: 0, outputTokens: OutputTokens(mean: 1, p95: 1), basis: .prior(.tiny))
            }
            func stepSimilarity(of model: Model, to reference: Model) -> Double { .nan }
            func requestSimilarity(of model: Model, to reference: Model) -> Double { 2 }
        }
        let half = ModelCalibration(maps: [
            "m": .init(quality: PlattMap(slope: 1, offset: -1), similarity: PlattMap(slope: 1, offset: -1), rows: 50)
        ])
        let model = Model(
            id: "m", provider: "p",
            endpoint: Endpoint(baseURL: "http://127.0.0.1:9", wire: .openAI, modelName: "m", keyVariable: nil),
            placement: .cloud, tier: .tiny, contextTokens: 10, maxOutputTokens: 10, capabilities: [], prices: [],
            speed: Speed(
                overheadSeconds: 0, prefillTokensPerSecond: 1, decodeTokensPerSecond: 1, provenance: .estimated))
        let estimates = LiveEstimator(Broken()) { half }.estimates(of: StepText(prompt: ""), for: [model])
        #expect(estimates.prediction(for: model).quality.isNaN)
        #expect(estimates.stepSimilarity(of: model, to: model).isNaN)
        #expect((0...1).contains(estimates.requestSimilarity(of: model, to: model)))
    }
}
