import Foundation

/// The machine's energy counter: RAPL, as Linux exposes it under /sys/class/powercap.
///
/// Many machines have none, or hide it from ordinary users. Then `init` returns nil, and the catalog's estimate with
/// its provenance applies.
package struct EnergyMeter: Sendable {
    private struct Zone: Sendable {
        var counter: String
        /// Microjoules at which the counter wraps around to 0.
        var range: UInt64
    }

    private let zones: [Zone]

    /// Opens the package zones (intel-rapl:0, intel-rapl:1, ...; on AMD they have the same names).
    package init?(root: String = "/sys/class/powercap") {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
        let packages = names.filter { $0.hasPrefix("intel-rapl:") && $0.split(separator: ":").count == 2 }
        zones = packages.sorted().compactMap { name in
            let path = "\(root)/\(name)"
            guard Self.number("\(path)/energy_uj") != nil else { return nil }
            return Zone(counter: "\(path)/energy_uj", range: Self.number("\(path)/max_energy_range_uj") ?? 0)
        }
        if zones.isEmpty { return nil }
    }

    /// Microjoules of every zone at one time.
    package struct Reading: Sendable, Hashable {
        fileprivate var microjoules: [UInt64]
    }

    /// Reads the counters; nil if one has become unreadable.
    package func read() -> Reading? {
        let values = zones.compactMap { Self.number($0.counter) }
        return values.count == zones.count ? Reading(microjoules: values) : nil
    }

    /// Joules of the whole machine between two readings. A counter may have wrapped around once in between.
    package func joules(from start: Reading, to end: Reading) -> Double {
        var sum = 0.0
        for (index, zone) in zones.enumerated() {
            let (before, after) = (start.microjoules[index], end.microjoules[index])
            sum += Double(after >= before ? after - before : after + (zone.range > before ? zone.range - before : 0))
        }
        return sum / 1e6
    }

    private static func number(_ path: String) -> UInt64? {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return nil }
        return UInt64(text.filter(\.isNumber))
    }
}
