import Domain
import Testing

@testable import Routing

@Suite("The pace of losses")
struct LossPaceTests {
    @Test("losses above the dial raise the price, and losses below let it fall back to the fitted one")
    func follows() {
        var pace = LossPace(maxLoss: 0.01)
        #expect(pace.factor == 1)
        for _ in 0..<100 { pace.recordServed(loss: 0.03) }
        #expect(pace.factor > 2)
        #expect(abs(pace.predictedLoss - 0.03) < 1e-9)
        for _ in 0..<1000 { pace.recordServed(loss: 0) }
        #expect(pace.factor == 1)
    }

    @Test("the price stays within its bounds whatever is recorded")
    func bounds() {
        var pace = LossPace(maxLoss: 0.01)
        for loss in [Double.nan, .infinity, -.infinity, 1e300, -1e300] { pace.recordServed(loss: loss) }
        for _ in 0..<10_000 { pace.recordServed(loss: 1) }
        #expect(abs(pace.factor - LossPace.greatestFactor) < 1e-9)
        var never = LossPace(maxLoss: 0)
        never.recordServed(loss: 0.5)
        #expect(never.factor == 1)
    }

    @Test("a measured loss above the dial raises the price once it is sure")
    func measured() {
        var pace = LossPace(maxLoss: 0.01)
        var few = QualityEstimate(memory: .infinity)
        for _ in 0..<3 { few.recordServed("small") }
        few.recordSample(of: "small", score: 0.9, probability: 1)
        pace.recordMeasured(few)
        #expect(pace.factor == 1)
        var many = QualityEstimate(memory: .infinity)
        for _ in 0..<2000 {
            many.recordServed("small")
            many.recordSample(of: "small", score: 0.9, probability: 1)
        }
        pace.recordMeasured(many)
        #expect(pace.factor > 5)
    }
}
