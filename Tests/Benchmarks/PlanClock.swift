import Foundation

/// CPU time and memory of this process.
enum PlanClock {
    /// Seconds of CPU time used so far, by all threads.
    static var cpuSeconds: Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// Greatest resident size so far, MB.
    static var peakMegabytes: Double {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return Double(usage.ru_maxrss) / 1024
    }

    /// Ends the process as failed.
    static func fail() -> Never { exit(1) }

    static func power(_ base: Double, _ exponent: Double) -> Double { pow(base, exponent) }
}
