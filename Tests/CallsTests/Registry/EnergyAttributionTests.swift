import Calls
import Foundation
import Optimization
import Testing

@Suite("Measured energy of calls")
struct EnergyGaugeTests {
    /// A powercap folder with one package, and its counter.
    private struct Counter {
        let root = FileManager.default.temporaryDirectory.path + "/powercap-\(UUID().uuidString)"

        func set(joules: UInt64) throws {
            try FileManager.default.createDirectory(
                atPath: "\(root)/intel-rapl:0", withIntermediateDirectories: true)
            try "1000000000000\n".write(
                toFile: "\(root)/intel-rapl:0/max_energy_range_uj", atomically: false, encoding: .utf8)
            try "\(joules * 1_000_000)\n".write(
                toFile: "\(root)/intel-rapl:0/energy_uj", atomically: false, encoding: .utf8)
        }
    }

    @Test("two calls side by side share what the machine draws meanwhile, and nobody bears the time between")
    func sharing() throws {
        let counter = Counter()
        defer { try? FileManager.default.removeItem(atPath: counter.root) }
        try counter.set(joules: 100)
        let gauge = try #require(EnergyAttribution(meter: EnergyMeter(root: counter.root)))
        let first = gauge.begin()
        try counter.set(joules: 110)
        let second = gauge.begin()
        try counter.set(joules: 130)
        #expect(abs(try #require(gauge.end(first)) - (10 + 10)) < 1e-9)
        try counter.set(joules: 135)
        #expect(abs(try #require(gauge.end(second)) - (10 + 5)) < 1e-9)
        try counter.set(joules: 500)
        let third = gauge.begin()
        try counter.set(joules: 501)
        #expect(abs(try #require(gauge.end(third)) - 1) < 1e-9)
    }

    @Test("a counter that cannot be read for a while measures none of the calls under way")
    func gap() throws {
        let counter = Counter()
        defer { try? FileManager.default.removeItem(atPath: counter.root) }
        try counter.set(joules: 1)
        let gauge = try #require(EnergyAttribution(meter: EnergyMeter(root: counter.root)))
        let first = gauge.begin()
        try FileManager.default.removeItem(atPath: counter.root)
        let second = gauge.begin()
        try counter.set(joules: 9)
        #expect(gauge.end(first) == nil)
        #expect(gauge.end(second) == nil)
    }

    @Test("a machine without a counter has no gauge")
    func none() {
        #expect(EnergyAttribution(meter: nil) == nil)
    }
}
