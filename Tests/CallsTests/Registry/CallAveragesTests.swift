import Calls
import Catalog
import Domain
import Routing
import TestSupport
import Testing

@Suite("Live rates of a model")
struct CallAveragesTests {
    private let start = Timestamp(milliseconds: 1_700_000_000_000)
    private let model = ModelID("m")

    @Test("ten calls in ten seconds, two of them failed, each two seconds long")
    func rates() {
        let registry = ModelRegistry(catalog: ModelCatalog(models: [], version: "test"), energy: nil)
        for index in 0..<10 {
            let now = start.advanced(bySeconds: Double(index))
            registry.callArrived(model, at: now)
            registry.callStarted(model)
            registry.callLeft(model, after: 2, at: now)
            registry.callEnded(model, failed: index < 2, at: now)
        }
        let rate = registry.rate(of: model, at: start.advanced(bySeconds: 10))
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
        let registry = ModelRegistry(catalog: ModelCatalog(models: [], version: "test"), energy: nil)
        registry.callArrived(model, at: start)
        registry.callStarted(model)
        registry.callArrived(model, at: start)
        registry.callEnded(model, failed: true, at: start)
        let later = registry.rate(of: model, at: start.advanced(bySeconds: 600))
        #expect(later.arrivalsPerSecond < 1e-4)
        #expect(later.errorRate < 1e-4)
        #expect(later.busySlots == 1)
        #expect(later.waiting == 1)
        #expect(registry.rate(of: ModelID("other"), at: start) == .none)
    }
}
