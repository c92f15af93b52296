import Dialects
import Domain
import JSON
import Steps
import TestSupport
import Testing

@Suite("Savings forecast")
struct SavingsForecastTests {
    private static func candidate(
        _ model: ModelID, nanoUSD: Int64, quality: Double, rejection: String? = nil
    ) -> Candidate {
        Candidate(
            model: model, placement: .cloud,
            prediction: Prediction(
                quality: quality, deviation: 0.1, outputTokens: OutputTokens(mean: 100, p95: 300), basis: .prior(.small)
            ),
            cost: CallCost(api: Money(nanoUSD: nanoUSD), energy: .zero, hardware: .zero), worstCaseCost: .zero,
            latencySeconds: 1, energyJoules: 2,
            rejection: rejection)
    }

    private static func decision(_ candidates: [Candidate], chosen: ModelID, reference: ModelID) -> Decision {
        Decision(
            id: "dec", runID: "run", stepID: "step", position: 1, model: chosen, reference: reference, kappa: 0.6,
            stage: .sse, reason: "", considered: [], candidates: candidates, fallbacks: [], catalogVersion: "test")
    }

    @Test("costs are compared with the requested model, or with the reference where it is unknown")
    func sums() throws {
        let candidates = [
            Self.candidate("small", nanoUSD: 100, quality: 0.6), Self.candidate("middle", nanoUSD: 500, quality: 0.8),
            Self.candidate("large", nanoUSD: 2000, quality: 0.9),
            Self.candidate("unpriced", nanoUSD: 0, quality: 0.9, rejection: "no price"),
            Self.candidate("denied", nanoUSD: 700, quality: 0.7, rejection: "not allowed by policy.models"),
        ]
        var savings = SavingsForecast()
        #expect(savings.savedShare == nil)
        for (asked, chosen) in [
            ("middle", "small"), (nil, "small"), ("unpriced", "large"), ("denied", "small"), ("unknown", "small"),
        ] as [(ModelID?, ModelID)] {
            try savings.add(Self.decision(candidates, chosen: chosen, reference: "large"), asked: asked)
        }
        #expect(savings.routed.cost == Money(nanoUSD: 4 * 100 + 2000))
        #expect(savings.before.cost == Money(nanoUSD: 500 + 3 * 2000 + 700))
        #expect(savings.standIns == 3)
        #expect(savings.models["small"]?.requests == 4)
        #expect(savings.modelsBefore["large"]?.requests == 3)
        #expect(savings.modelsBefore["denied"]?.requests == 1)
        #expect(abs(savings.routed.meanQuality - (4 * 0.6 + 0.9) / 5) < 1e-12)
        #expect(savings.savedShare == 1 - 2400.0 / 7200.0)
    }

    @Test(
        "a line is a chat or Anthropic request, or contains one",
        arguments: [
            #"{"model":"gpt-4o","messages":[{"role":"user","content":"hi"}]}"#,
            #"{"custom_id":"1","body":{"model":"gpt-4o","messages":[{"role":"user","content":"hi"}]}}"#,
            #"{"at":5,"request":{"model":"gpt-4o","messages":[{"role":"user","content":"hi"}]},"response":{}}"#,
            #"{"model":"gpt-4o","max_tokens":9,"system":"s","messages":[{"role":"user","content":"hi"}]}"#,
        ])
    func lines(_ line: String) throws {
        let past = try PastRequest(line: line.utf8, asking: "hera/cheap", policy: Array(#"{"budget_usd":1}"#.utf8))
        #expect(past.model == "gpt-4o")
        #expect(past.chat.model == "hera/cheap")
        #expect(past.chat.messages.last?.text == "hi")
        #expect(past.chat.policy?["budget_usd"]?.integer == 1)
    }

    @Test(
        "an invalid line is an error that names the problem",
        arguments: [
            ("{", "JSON"), ("[]", "object"), (#"{"model":"x"}"#, "messages"),
            (#"{"messages":[{"role":"user"}],"model":5,"n":-3}"#, "n"),
        ])
    func wrong(line: String, words: String) {
        let error = #expect(throws: FieldError.self) { try PastRequest(line: line.utf8, asking: "hera") }
        let said = error.map { "\($0)" } ?? ""
        #expect(said.contains(words))
    }
}
