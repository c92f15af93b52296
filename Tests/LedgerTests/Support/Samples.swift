import Domain

@testable import Ledger

/// Values of tests, each with plain defaults.
enum Sample {
    /// 2026-11-21T12:00:00Z, a Saturday.
    static let noon = Timestamp(milliseconds: 1_795_262_400_000)

    static func call(
        run: String = "run-1", account: Attribution = Attribution(job: "job-1"), model: String = "openai/small",
        stage: Stage? = .sse, predicted: Int64 = 900, baseline: Int64? = 5000
    ) -> PlannedCall {
        PlannedCall(
            runID: run, attribution: account, decisionID: "decision-1", model: ModelID(model), provider: "openai",
            placement: .cloud, stage: stage, policy: "thrifty", catalogVersion: "c1",
            priceAsOf: CalendarDay(daysSinceEpoch: 20_000), predicted: figures(predicted),
            baseline: baseline.map { Baseline(model: ModelID("openai/large"), figures: figures($0)) })
    }

    static func figures(_ nanoUSD: Int64, joules: Double = 1.5, seconds: Double = 0.25) -> CallFigures {
        CallFigures(
            cost: CallCost(api: Money(nanoUSD: nanoUSD), energy: .zero, hardware: .zero), energyJoules: joules,
            latencySeconds: seconds)
    }

    static func request(
        _ id: String, nanoUSD: Int64, tokens: Int64 = 0, microjoules: Int64 = 0, at: Timestamp = noon,
        call: PlannedCall = call()
    ) -> ReservationRequest {
        ReservationRequest(
            id: id, at: at, call: call,
            upperBound: Amounts(money: Money(nanoUSD: nanoUSD), tokens: tokens, microjoules: microjoules))
    }

    static func entry(
        _ id: String, nanoUSD: Int64, at: Timestamp = noon, call: PlannedCall = call(), joules: Double = 1.5,
        seconds: Double = 0.25, usage: Usage = Usage(input: 100, cachedRead: 20, output: 10),
        outcome: CallOutcome = .completed, kind: EntryKind = .call
    ) -> LedgerEntry {
        LedgerEntry(
            id: id, at: at, kind: kind, call: call,
            result: CallResult(
                servedModel: "small-2026-10-01", usage: usage,
                figures: figures(nanoUSD, joules: joules, seconds: seconds), energyProvenance: .estimated,
                firstTokenSeconds: 0.1, outcome: outcome, httpStatus: 200))
    }

    static let decision = Decision(
        id: "decision-1", runID: "run-1", stepID: "step-1", position: 2, model: "openai/small",
        reference: "openai/large", kappa: 0.64, stage: .sse, reason: "similar \"enough\"\n",
        considered: ["urc 0.4 < 0.7", "sse 0.81 > 0.64"],
        candidates: [
            Candidate(
                model: "openai/small", placement: .cloud,
                prediction: Prediction(
                    quality: 0.83, deviation: 0.05, outputTokens: OutputTokens(mean: 120.5, p95: 300),
                    basis: .profile("openai/small")), similarity: 0.81, requestSimilarity: 0.4,
                cost: CallCost(api: Money(nanoUSD: 12), energy: Money(nanoUSD: 3), hardware: Money(nanoUSD: 4)),
                worstCaseCost: Money(nanoUSD: 99), latencySeconds: 0.7, energyJoules: 12.25, serviceTier: .flex),
            Candidate(
                model: "local/tiny", placement: .edge,
                prediction: Prediction(
                    quality: 0.3, deviation: 0.2, outputTokens: OutputTokens(mean: 80, p95: 200), basis: .prior(.tiny)),
                cost: .zero, worstCaseCost: .zero, latencySeconds: 2, energyJoules: 30, rejection: "no tools"),
        ], fallbacks: ["openai/large"], catalogVersion: "c1")
}

extension ModelID: ExpressibleByStringLiteral {
    /// For tests: a model by its name.
    public init(stringLiteral value: String) { self.init(value) }
}

/// Numbers that look random and are the same for the same seed (SplitMix64; Steele, Lea, Flood 2014).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
