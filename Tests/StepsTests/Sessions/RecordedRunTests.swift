import Domain
import Estimation
import Foundation
import JSON
import Routing
import Testing
import Training

@testable import Dialects
@testable import Steps

/// Routes ten-turn runs of real agents (InterCode SQL) call by call with the shipped profiles.
@Suite("Recorded agent runs")
struct RecordedRunTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
    /// The recorded runs live outside the repository, in `HERA_SHARED` or next to the checkout.
    private static let traces =
        (ProcessInfo.processInfo.environment["HERA_SHARED"]
            ?? root.deletingLastPathComponent().appending(path: "shared").path) + "/data/traces/sql.jsonl.gz"

    private static var isThere: Bool { FileManager.default.fileExists(atPath: traces) }

    /// The suite's models at their list prices in nano-USD a token; cached tokens cost a tenth.
    private static let models = [
        priced("gpt-3.5", tier: .medium, input: 1500, output: 2000),
        priced("text-davinci-003", tier: .large, input: 20_000, output: 20_000),
        priced("gpt-4", tier: .frontier, input: 30_000, output: 60_000),
    ]

    private static func priced(_ name: String, tier: QualityTier, input: Int64, output: Int64) -> PricedModel {
        let rates = Rates([
            .input: UnitPrice(nanoUSDPerMillion: input * 1_000_000),
            .cachedRead: UnitPrice(nanoUSDPerMillion: input * 100_000),
            .output: UnitPrice(nanoUSDPerMillion: output * 1_000_000),
        ])
        let model = Model(
            id: ModelID(name), provider: "test",
            endpoint: Endpoint(baseURL: "http://127.0.0.1:9/v1", wire: .openAI, modelName: name, keyVariable: nil),
            placement: .cloud, tier: tier, profile: ModelID(name), contextTokens: 16_000, maxOutputTokens: 1000,
            capabilities: [.tools, .streaming], prices: [],
            speed: Speed(
                overheadSeconds: 0.5, prefillTokensPerSecond: 2000, decodeTokensPerSecond: 60, provenance: .estimated))
        return PricedModel(
            model: model,
            price: Price(tiers: [.standard: rates], source: "test", asOf: CalendarDay(daysSinceEpoch: 20_778)))
    }

    /// Only the suite's own profiles.
    private func profiles() throws -> ProfileSet {
        let folder = FileManager.default.temporaryDirectory.appending(path: "hera-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for name in ["sql.profile", "sql-runs.profile"] {
            try FileManager.default.copyItem(
                at: Self.root.appending(path: "Profiles/\(name)"), to: folder.appending(path: name))
        }
        return try ProfileSet.load(directory: folder.path)
    }

    /// The bodies of a run's calls, in order.
    private func calls(of run: TraceRow) throws -> [ChatRequest] {
        var messages: [[UInt8]] = [message("user", run.prompt)]
        var calls: [ChatRequest] = []
        for (turn, step) in run.steps.enumerated() {
            var writer = JSONWriter()
            writer.object { object in
                object.member("model", "hera")
                object.member("messages", array: { list in for message in messages { list.element(raw: message) } })
            }
            calls.append(try ChatRequest(JSONDocument(writer.bytes)))
            messages.append(message("assistant", step.output))
            messages.append(message("tool", step.observation ?? "", call: "call_\(turn)"))
        }
        return calls
    }

    private func message(_ role: String, _ content: String, call: String? = nil) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { object in
            object.member("role", role)
            if let call { object.member("tool_call_id", call) }
            object.member("content", content)
        }
        return writer.bytes
    }

    /// Number of model switches in a run.
    private func switches(_ run: TraceRow, _ router: StepRouter, keeps: Bool) throws -> Int {
        let context = RoutingContext(
            models: Self.models, economics: .standard, policy: Policy(kappa: .published), remaining: Remaining(),
            horizon: 1,
            catalogVersion: "test")
        var memory = Sessions.Memory()
        for request in try calls(of: run) {
            let step = request.step(
                id: "step", runID: "run", previousModel: memory.lastModel, after: memory.state.historyEnd)
            var machine = try router.machine(for: step, decisionID: "d", state: memory.state, context: context)
            guard case .call(let verdict) = machine.action else { continue }
            let rule = CacheAffinity(step: step, memory: memory, context: context)
            if keeps, let last = memory.lastModel,
                let reason = rule.reasonToStay(machine.decision, stage: verdict.stage)
            {
                machine.stay(on: last, reason: reason)
            }
            let model = machine.decision.model
            machine.answered(model, output: "")
            memory.recordStep(model, position: step.position, state: machine.state)
        }
        return memory.switches
    }

    @Test(
        "no recorded ten-turn run switches models more than twice",
        .enabled(if: isThere, "the recorded runs are not there: set HERA_SHARED to their folder"))
    func switching() throws {
        let router = StepRouter(estimator: ProfileEstimator(try profiles()))
        let runs = try TraceRow.read(Self.traces)
            .filter { $0.model == "gpt-3.5" && $0.steps.count == 10 && $0.split == .validation }.prefix(3)
        #expect(runs.count == 3)
        let free = try runs.map { try switches($0, router, keeps: false) }
        let kept = try runs.map { try switches($0, router, keeps: true) }
        #expect(kept.allSatisfy { $0 <= 2 }, "with the rule \(kept), without \(free)")
        #expect(kept.reduce(0, +) <= free.reduce(0, +), "with the rule \(kept), without \(free)")
    }
}
