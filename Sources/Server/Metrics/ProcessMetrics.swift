import Foundation

/// What the kernel says of this process, by the names that Prometheus' own clients use.
struct ProcessFigures {
    /// Seconds of CPU so far, in user and kernel mode.
    var cpuSeconds: Double?
    var residentBytes: Double?
    var openFiles: Double?

    /// Reads `/proc/self`; members are nil where there is none.
    init() {
        if let stat = try? String(contentsOfFile: "/proc/self/stat", encoding: .utf8),
            let name = stat.lastIndex(of: ")")
        {
            // Behind the name, which may hold spaces: state is field 3, utime and stime are fields 14 and 15.
            let fields = stat[stat.index(after: name)...].split(separator: " ")
            if fields.count > 12, let user = Double(fields[11]), let kernel = Double(fields[12]) {
                cpuSeconds = (user + kernel) / Double(sysconf(Int32(_SC_CLK_TCK)))
            }
        }
        if let pages = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " "),
            pages.count > 1, let resident = Double(pages[1])
        {
            residentBytes = resident * Double(sysconf(Int32(_SC_PAGESIZE)))
        }
        openFiles = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")).map { Double($0.count) }
    }

    func write(into text: inout PrometheusText) {
        let figures: [(name: String, kind: PrometheusKind, value: Double?)] = [
            ("process_cpu_seconds_total", .counter, cpuSeconds),
            ("process_resident_memory_bytes", .gauge, residentBytes), ("process_open_fds", .gauge, openFiles),
        ]
        for figure in figures {
            guard let value = figure.value else { continue }
            text.begin(figure.name, figure.kind)
            text.sample(figure.name, [], value)
        }
    }
}
