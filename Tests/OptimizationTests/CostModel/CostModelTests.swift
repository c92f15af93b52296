import Domain
import Optimization
import Testing

@Suite("Cost models against hand calculations")
struct CostModelTests {
    private func close(_ value: Double, _ truth: Double, _ tolerance: Double = 1e-9) -> Bool {
        abs(value - truth) <= tolerance * max(1, abs(truth))
    }

    @Test("one slot is the M/M/1 queue: at half load the wait equals the service time")
    func singleServer() throws {
        let queue = try QueueingDelay(arrivalsPerSecond: 0.5, serviceSeconds: 1, slots: 1)
        #expect(close(queue.waitProbability, 0.5))
        // rho / (mu - lambda) = 0.5 / 0.5
        #expect(close(queue.meanSeconds, 1))
        // ln(0.5 / 0.05) / 0.5
        #expect(close(queue.seconds(quantile: 0.95), 4.605_170_185_988_091))
        #expect(queue.seconds(quantile: 0.5) == 0)
    }

    @Test("two slots at one erlang wait with probability a third")
    func twoServers() throws {
        let queue = try QueueingDelay(arrivalsPerSecond: 2, serviceSeconds: 0.5, slots: 2)
        // C(2, 1) = (1/2 * 2) / (1 + 1 + 1/2 * 2) = 1/3; mean wait = 1/3 * 0.5 / (2 - 1)
        #expect(close(queue.waitProbability, 1.0 / 3))
        #expect(close(queue.meanSeconds, 1.0 / 6))
    }

    @Test("a saturated server waits forever, an idle one not at all")
    func extremes() throws {
        #expect(try QueueingDelay(arrivalsPerSecond: 4, serviceSeconds: 0.5, slots: 2).meanSeconds == .infinity)
        #expect(try QueueingDelay(arrivalsPerSecond: 0, serviceSeconds: 0.5, slots: 2).meanSeconds == 0)
        #expect(throws: OptimizationError.self) {
            try QueueingDelay(arrivalsPerSecond: .nan, serviceSeconds: 1, slots: 1)
        }
        #expect(throws: OptimizationError.self) { try QueueingDelay(arrivalsPerSecond: 1, serviceSeconds: 1, slots: 0) }
    }

    @Test("a kilowatt hour at 30 cents and 400 g, a gigabyte at 9 cents")
    func electricity() {
        let economics = Economics(electricityUSDPerKWh: 0.30, gramsCO2ePerKWh: 400, transferUSDPerGB: 0.09)
        #expect(close(economics.nanoUSD(joules: 3.6e6), 3e8))
        #expect(close(economics.gramsCO2e(joules: 1.8e6), 200))
        #expect(close(economics.nanoUSD(joules: 120), 10_000))
        #expect(close(economics.nanoUSD(bytes: 1e9), 9e7))
        #expect(economics.price(joules: 120) == Money(nanoUSD: 10_000))
    }

    @Test("an overloaded server keeps its queue and the arrivals of the overload")
    func overload() throws {
        // 4 a second for 10 s at 2 slots of 0.5 s each: exactly saturated.
        var queue = try QueueingDelay(
            arrivalsPerSecond: 4, serviceSeconds: 0.5, slots: 2, overload: .init(waiting: 3, seconds: 10))
        // (3 + 1 + 0 + sqrt(2 x 4 x 10 / pi)) x 0.25
        #expect(close(queue.meanSeconds, (4 + (80 / Double.pi).squareRoot()) * 0.25))
        queue.arrivalsPerSecond = 6
        // 2 a second too many for 5 s
        #expect(close(queue.meanSeconds, (4 + 10 + (120 / Double.pi).squareRoot()) * 0.25))
        queue.arrivalsPerSecond = 0.4
        #expect(queue.meanSeconds < 0.01, "far from saturation the steady state counts")
    }

    @Test("three attempts at 20 % errors: 1.24 expected, 99.2 % succeed")
    func retries() {
        let retries = Retries(errorRate: 0.2, limit: 3)
        #expect(close(retries.expectedAttempts, 1.24))
        #expect(close(retries.successProbability, 0.992))
        // 0.992 x 100 + (1.24 - 0.992) x 10
        #expect(close(retries.expected(success: 100, failure: 10), 101.68))
    }

    @Test("switching 10,000 tokens of prefix from $0.30 cached to $3.00 fresh costs 2.7 cents")
    func switching() {
        func call(_ nanoUSDPerToken: Double, prefill: Double, joules: Double) -> CallForecast {
            CallForecast(
                api: Spread(mean: 10_000 * nanoUSDPerToken + 500), energy: Spread(mean: joules),
                economics: Economics(electricityUSDPerKWh: 0, gramsCO2ePerKWh: 0), prefill: Spread(mean: prefill),
                decode: Spread(mean: 1), accuracy: 1)
        }
        // 10,000 x (3000 - 300) nano-USD; 10,000 / 5000 a second; 10,000 x 0.02 J
        let move = AssignmentSwitch(
            cold: call(3000, prefill: 2.1, joules: 205), warm: call(300, prefill: 0.1, joules: 5))
        #expect(move == AssignmentSwitch(cost: 27_000_000, energy: 200, latency: 2))
    }

    @Test("the tabulated normal quantiles")
    func normal() {
        #expect(close(Normal.quantile(0.95), 1.644_853_626_951_47, 1e-8))
        #expect(close(Normal.quantile(0.5), 0))
        #expect(close(Normal.quantile(0.001), -3.090_232_306_167_81, 1e-8))
        #expect(close(Normal.quantile(0.975), 1.959_963_984_540_05, 1e-8))
    }

    @Test("a log-normal given by mean and 95 % quantile returns that quantile")
    func spread() {
        let spread = Spread(mean: 300, quantile: 700)
        #expect(close(spread.quantile(0.95), 700, 1e-8))
        #expect(spread.amount(.mean) == 300)
        #expect(Spread(mean: 300, quantile: 200).variance == 0)
        #expect((Spread(mean: 1, variance: 4) + Spread(mean: 2, variance: 5)) == Spread(mean: 3, variance: 9))
        #expect(Spread(mean: 2, variance: 3) * 2 == Spread(mean: 4, variance: 12))
    }

    @Test("a whole call adds up: tokens, electricity, hardware, transfer, retries, and its four waits")
    func forecast() throws {
        let forecast = CallForecast(
            api: Spread(mean: 2_000_000), failedAttempt: 100_000, retries: Retries(errorRate: 0.5, limit: 2),
            energy: Spread(mean: 360),
            economics: Economics(electricityUSDPerKWh: 0.25, gramsCO2ePerKWh: 400, transferUSDPerGB: 0.09),
            amortisation: 10_000, transferBytes: 1_000_000, network: Spread(mean: 0.1), prefill: Spread(mean: 0.4),
            decode: Spread(mean: 1.5),
            queue: try QueueingDelay(arrivalsPerSecond: 0.5, serviceSeconds: 1, slots: 1), accuracy: 0.8)
        // 1.5 attempts, 75 % succeed. API 1,500,000 + failures 0.75 x 100,000 + electricity 360 J = 25,000 x 1.5
        // + hardware 19,000 x 1.5 + transfer 90,000 x 1.5.
        let option = try #require(forecast.option(.mean))
        #expect(option.cost == 1_500_000 + 75_000 + 37_500 + 28_500 + 135_000)
        #expect(close(option.energy, 540))
        // queue 1 + 1.5 x (0.1 + 0.4 + 1.5)
        #expect(close(option.latency, 4))
        #expect(close(option.accuracy, 0.6))
        let parts = forecast.callCost
        #expect(parts.api.nanoUSD == 1_575_000)
        #expect(parts.energy.nanoUSD == 37_500)
        #expect(parts.hardware.nanoUSD == 28_500 + 135_000)
        // 540 J = 0.00015 kWh
        #expect(close(forecast.gramsCO2e, 0.06))
    }

    @Test("a saturated edge is no option")
    func saturated() throws {
        let forecast = CallForecast(
            api: Spread(mean: 0), economics: Economics(electricityUSDPerKWh: 0.2, gramsCO2ePerKWh: 400),
            decode: Spread(mean: 1), queue: try QueueingDelay(arrivalsPerSecond: 2, serviceSeconds: 1, slots: 1),
            accuracy: 0.8)
        #expect(forecast.option(.quantile(0.95)) == nil)
    }
}
