import Calls
import Foundation
import Optimization
import Testing

@Suite("Measured energy of calls")
struct EnergyAttributionTests {
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

    @Test("two concurrent calls share the energy of their time, and no call bears the time between")
    func sharing() throws {
        let counter = Counter()
        defer { try? FileManager.default.removeItem(atPath: counter.root) }
        try counter.set(joules: 100)
        let energy = try #require(EnergyAttribution(meter: EnergyMeter(root: counter.root)))
        let first = energy.begin()
        try counter.set(joules: 110)
        let second = energy.begin()
        try counter.set(joules: 130)
        #expect(abs(try #require(energy.end(first)) - (10 + 10)) < 1e-9)
        try counter.set(joules: 135)
        #expect(abs(try #require(energy.end(second)) - (10 + 5)) < 1e-9)
        try counter.set(joules: 500)
        let third = energy.begin()
        try counter.set(joules: 501)
        #expect(abs(try #require(energy.end(third)) - 1) < 1e-9)
    }

    @Test("a counter that cannot be read for a while measures none of the calls under way")
    func gap() throws {
        let counter = Counter()
        defer { try? FileManager.default.removeItem(atPath: counter.root) }
        try counter.set(joules: 1)
        let energy = try #require(EnergyAttribution(meter: EnergyMeter(root: counter.root)))
        let first = energy.begin()
        try FileManager.default.removeItem(atPath: counter.root)
        let second = energy.begin()
        try counter.set(joules: 9)
        #expect(energy.end(first) == nil)
        #expect(energy.end(second) == nil)
    }

    @Test("a machine without a counter attributes no energy")
    func none() {
        #expect(EnergyAttribution(meter: nil) == nil)
    }
}
