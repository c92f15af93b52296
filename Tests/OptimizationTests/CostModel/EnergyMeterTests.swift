import Foundation
import Optimization
import Testing

@Suite("The machine's energy counter")
struct EnergyMeterTests {
    /// A powercap folder of two packages, with a core zone that must not be counted twice.
    private func folder() throws -> String {
        let root = FileManager.default.temporaryDirectory.path + "/powercap-\(UUID().uuidString)"
        for zone in ["intel-rapl:0", "intel-rapl:1", "intel-rapl:0:0"] {
            try FileManager.default.createDirectory(atPath: "\(root)/\(zone)", withIntermediateDirectories: true)
            try write(root, zone, "max_energy_range_uj", 1_000_000_000)
        }
        return root
    }

    private func write(_ root: String, _ zone: String, _ file: String, _ value: UInt64) throws {
        try "\(value)\n".write(toFile: "\(root)/\(zone)/\(file)", atomically: false, encoding: .utf8)
    }

    @Test("two packages add up, one of them wrapped around")
    func sum() throws {
        let root = try folder()
        defer { try? FileManager.default.removeItem(atPath: root) }
        try write(root, "intel-rapl:0", "energy_uj", 5_000_000)
        try write(root, "intel-rapl:1", "energy_uj", 999_000_000)
        try write(root, "intel-rapl:0:0", "energy_uj", 1)
        let meter = try #require(EnergyMeter(root: root))
        let start = try #require(meter.read())
        try write(root, "intel-rapl:0", "energy_uj", 9_000_000)
        try write(root, "intel-rapl:1", "energy_uj", 500_000)
        try write(root, "intel-rapl:0:0", "energy_uj", 800_000_000)
        let end = try #require(meter.read())
        #expect(abs(meter.joules(from: start, to: end) - 5.5) < 1e-9)
    }

    @Test("a machine without counters has no meter")
    func none() {
        #expect(EnergyMeter(root: "/nonexistent/powercap") == nil)
    }
}
