import Domain
import Routing
import Testing

@Suite("Measured quality and its controller")
struct ControlTests {
    @Test("with one stratum the interval is Wilson's")
    func wilson() throws {
        var estimate = QualityEstimate(memory: .infinity)
        for index in 0..<50 {
            estimate.recordServed("m")
            estimate.recordSample(of: "m", score: index < 40 ? 1 : 0, probability: 1)
        }
        // 40 of 50 at z = 1.959964: (40 + 1.920729) / 53.841459 = 0.778596;
        // half = z / 53.841459 * sqrt(50 * .8 * .2 + .960365) = 0.108966
        #expect(try #require(estimate.mean) == 0.8)
        #expect(abs(estimate.interval.lower - 0.66963) < 1e-4)
        #expect(abs(estimate.interval.upper - 0.88756) < 1e-4)
    }

    @Test("strata weigh as they were served, however often each was sampled")
    func stratified() throws {
        var estimate = QualityEstimate(memory: .infinity)
        for _ in 0..<900 { estimate.recordServed("cheap") }
        for _ in 0..<100 { estimate.recordServed("dear") }
        // Ten samples each: .5 on the one that served nine tenths, 1 on the other.
        for index in 0..<10 {
            estimate.recordSample(of: "cheap", score: index < 5 ? 1 : 0, probability: 0.01)
            estimate.recordSample(of: "dear", score: 1, probability: 0.1)
        }
        #expect(abs(try #require(estimate.mean) - (0.9 * 0.5 + 0.1)) < 1e-12)
    }

    @Test("the interval contains the mean, whatever share of the strata was sampled", arguments: [0, 1, 5])
    func containsMean(unsampled: Int) {
        var estimate = QualityEstimate(memory: .infinity)
        for stratum in ["a", "b", "c"] {
            for _ in 0..<4 {
                estimate.recordServed(stratum)
                estimate.recordSample(of: stratum, score: 1, probability: 1)
            }
        }
        for _ in 0..<unsampled { estimate.recordServed("d") }
        #expect(estimate.mean == 1 && estimate.interval.upper == 1)
        let sampled = 12 / Double(12 + unsampled)
        #expect(estimate.interval.lower > 0.6 * sampled && estimate.interval.lower < 0.9 * sampled)
    }

    @Test("unlikely samples weigh more, and widen the interval compared with uniform ones")
    func importance() throws {
        var estimate = QualityEstimate(memory: .infinity)
        var even = QualityEstimate(memory: .infinity)
        for _ in 0..<100 {
            estimate.recordServed("m")
            even.recordServed("m")
        }
        for _ in 0..<30 {
            estimate.recordSample(of: "m", score: 1, probability: 1)
            even.recordSample(of: "m", score: 0.5, probability: 1)
        }
        for _ in 0..<10 {
            estimate.recordSample(of: "m", score: 0, probability: 0.1)
            even.recordSample(of: "m", score: 0.5, probability: 1)
        }
        // 30 x 1 of weight 1, 10 x 0 of weight 10
        #expect(abs(try #require(estimate.mean) - 30.0 / 130) < 1e-12)
        #expect(abs(estimate.effectiveSamples - 130.0 * 130 / 1030) < 1e-9)
        let (uneven, plain) = (estimate.interval, even.interval)
        #expect(uneven.upper - uneven.lower > plain.upper - plain.lower)
    }

    @Test("the interval contains the truth in about 95 of 100 cases")
    func coverage() {
        var generator = SeededGenerator(seed: 5)
        var held = 0
        for _ in 0..<400 {
            var estimate = QualityEstimate(memory: .infinity)
            for _ in 0..<300 {
                let isCheap = Bool.random(using: &generator)
                let truth = isCheap ? 0.7 : 0.95
                estimate.recordServed(isCheap ? "cheap" : "dear")
                guard Double.random(in: 0..<1, using: &generator) < 0.3 else { continue }
                let score = Double.random(in: 0..<1, using: &generator) < truth ? 1.0 : 0
                estimate.recordSample(of: isCheap ? "cheap" : "dear", score: score, probability: 0.3)
            }
            let interval = estimate.interval
            if interval.lower <= 0.825, 0.825 <= interval.upper { held += 1 }
        }
        #expect((368...400).contains(held), "92 to 100 %: \(held) of 400")
    }

    @Test("old samples fade, so that a drop shows")
    func fading() throws {
        var estimate = QualityEstimate(memory: 200)
        for index in 0..<2000 {
            estimate.recordServed("m")
            estimate.recordSample(of: "m", score: index < 1000 ? 1 : 0, probability: 1)
        }
        #expect(try #require(estimate.mean) < 0.01)
    }

    @Test("an unsampled stratum may have any quality, and a non-finite score is not counted")
    func unknown() {
        var estimate = QualityEstimate()
        #expect(estimate.mean == nil)
        estimate.recordServed("m")
        estimate.recordSample(of: "m", score: .nan, probability: 1)
        estimate.recordSample(of: "m", score: 1, probability: 0)
        #expect(estimate.mean == nil)
        #expect(estimate.interval == .init(lower: 0, upper: 1))
    }

    @Test("one score moves kappa by gain x weight x shortfall, within the bounds")
    func moves() {
        let rule = KappaRule(base: 0.6, slope: 0.02, cap: 0.8, floor: 0.6)
        var controller = KappaController(target: 0.9, rule: rule, gain: 0.002)
        // From kappa_1 = .62 up to the cap, from kappa_5 = .70 down to the floor.
        #expect(abs(controller.bounds.upperBound - 0.18) < 1e-12)
        #expect(abs(controller.bounds.lowerBound + 0.1) < 1e-12)
        controller.recordSample(of: ModelID("m"), score: 0, probability: 0.25)
        #expect(abs(controller.offset - 0.002 * 4 * 0.9) < 1e-12)
        for _ in 0..<1000 { controller.recordSample(of: ModelID("m"), score: 0, probability: 0.1) }
        #expect(controller.offset == controller.bounds.upperBound)
        controller.recordServed(by: ModelID("m"))
        #expect(controller.status.contains("raised by 0.18, its cap: raise kappa.cap, or lower min_accuracy"))
        // No windup: the first good scores already lower it.
        controller.recordSample(of: ModelID("m"), score: 1, probability: 0.1)
        #expect(controller.offset < controller.bounds.upperBound)
    }

    @Test(
        "simulation: the target holds under drift, for less money than the reference alone",
        arguments: [Simulation.Drift.none, .worseModel, .harderTraffic], [1, 2] as [UInt64])
    func simulatedDrift(drift: Simulation.Drift, seed: UInt64) throws {
        let outcome = Simulation(drift: drift, isControlled: true, seed: seed).run()
        // The offset has 0.35 of room: 0.35 / (0.002 x 6000) = 0.029 bounds the error of the integral.
        #expect(abs(outcome.finalQuality - 0.9) < 0.029, "mean quality of the last 6000 steps: \(outcome.finalQuality)")
        #expect(outcome.moneyShare < 0.9, "of what the reference alone would cost: \(outcome.moneyShare)")
        #expect(outcome.finalCheapShare > 0.1)
        #expect(outcome.estimate.interval.lower < 0.929 && outcome.estimate.interval.upper > 0.871)
    }

    @Test("simulation: without the controller the same drift misses the target")
    func uncontrolled() {
        #expect(Simulation(drift: .worseModel, isControlled: false, seed: 1).run().finalQuality < 0.88)
        #expect(Simulation(drift: .harderTraffic, isControlled: false, seed: 1).run().finalQuality < 0.88)
    }
}
