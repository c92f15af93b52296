import Calls
import Catalog
import Domain
import Routing
import TestSupport
import Testing

@Suite("Live rates of a model")
struct CallRatesTests {
    private let start = Timestamp(milliseconds: 1_700_000_000_000)
    private let model = ModelID("m")

    @Test("ten calls in ten seconds, two of them failed, each two seconds long")
    func rates() {
        let fleet = ModelRegistry(catalog: ModelCatalog(models: [], version: "test"), gauge: nil)
        for index in 0..<10 {
            let now = start.advanced(bySeconds: Double(index))
            fleet.callArrived(model, at: now)
            fleet.callStarted(model)
            fleet.callLeft(model, after: 2, at: now)
            fleet.callEnded(model, failed: index < 2, at: now)
        }
        let rate = fleet.rate(of: model, at: start.advanced(bySeconds: 10))
        // Each call counts exp(-age / 60): 10 calls of a mean age of 5.5 s weigh about 9.1.
        #expect(abs(rate.arrivalsPerSecond - 9.13 / 60) < 0.002)
        #expect(rate.errorRate > 0.1)
        #expect(rate.errorRate < 0.2)
        #expect(abs((rate.serviceSeconds ?? 0) - 2) < 1e-9)
        #expect(rate.busySlots == 0)
        #expect(rate.waiting == 0)
    }

    @Test("after ten minutes of silence nothing is left but the calls under way")
    func silence() {
        let fleet = ModelRegistry(catalog: ModelCatalog(models: [], version: "test"), gauge: nil)
        fleet.callArrived(model, at: start)
        fleet.callStarted(model)
        fleet.callArrived(model, at: start)
        fleet.callEnded(model, failed: true, at: start)
        let later = fleet.rate(of: model, at: start.advanced(bySeconds: 600))
        #expect(later.arrivalsPerSecond < 1e-4)
        #expect(later.errorRate < 1e-4)
        #expect(later.busySlots == 1)
        #expect(later.waiting == 1)
        #expect(fleet.rate(of: ModelID("other"), at: start) == .none)
    }
}
