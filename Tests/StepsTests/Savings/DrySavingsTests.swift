import Domain
import Steps
import TestSupport
import Testing

@Suite("Savings by dry runs")
struct DrySavingsTests {
    private static func run(_ chosen: String, trial: DryRun.Trial? = nil) -> DryRun {
        DryRun(
            asked: ModelID("dear"), chosen: ModelID(chosen), cost: Money(nanoUSD: 1000),
            chosenCost: Money(nanoUSD: chosen == "dear" ? 1000 : 100), trial: trial)
    }

    @Test("trials correct the cost of the same tokens, and tell how many answers would change")
    func trials() throws {
        var savings = DrySavings()
        for _ in 0..<50 { try savings.add(Self.run("dear")) }
        for _ in 0..<30 { try savings.add(Self.run("cheap")) }
        for number in 0..<20 {
            let trial = DryRun.Trial(
                cost: Money(nanoUSD: number % 2 == 0 ? 150 : 250), agreement: number < 15 ? 1 : 0)
            try savings.add(Self.run("cheap", trial: trial))
        }
        #expect(savings.calls == 100 && savings.moved == 50 && savings.trials == 20)
        // The true cost of a trial is twice that of the same tokens: 50 x 1000 + 50 x 100 x 2 of 100,000.
        let saved = try #require(savings.savedShare)
        #expect(abs(saved - 0.4) < 1e-9)
        let interval = try #require(savings.savedInterval)
        #expect(interval.contains(0.4) && interval.lowerBound > 0.37 && interval.upperBound < 0.43)
        #expect(abs(savings.changed.mean - 0.125) < 1e-9)
        #expect(savings.changed.low < 0.125 && savings.changed.high > 0.125 && savings.changed.high < 0.25)
    }

    @Test("few trials give no interval of the cost, and none leave the answers unknown")
    func few() throws {
        var savings = DrySavings()
        try savings.add(Self.run("cheap"))
        #expect(savings.savedInterval == nil && savings.savedShare.map { abs($0 - 0.9) < 1e-9 } == true)
        #expect(savings.changed.low == 0 && savings.changed.high == 1)
    }
}
