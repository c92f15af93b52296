import Foundation
import Optimization

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

/// `Benchmarks plan threads`: 8 threads x 1,000 solves have to give the sums of one thread.
enum PlanThreads {
    static func run() async -> Bool {
        let programs = (0..<1000).map { seed in
            var random = PlanRandom(UInt64(seed) &+ 3_000_000)
            return PlanFuzz.program(&random, steps: 8, models: 6)
        }
        @Sendable func sum() -> Double {
            programs.enumerated().reduce(0) { sum, entry in
                let strategy: AssignmentStrategy = entry.offset % 4 == 0 ? .glpk : .automatic
                return sum + ((try? AssignmentSolver(strategy: strategy).solve(entry.element).objective) ?? 0)
            }
        }
        let expected = sum()
        let sums = await withTaskGroup(of: Double.self) { group in
            for _ in 0..<8 { group.addTask { sum() } }
            return await group.reduce(into: [Double]()) { $0.append($1) }
        }
        let same = sums.allSatisfy { $0 == expected }
        print("threads: 8 x 1000 solves, sums \(same ? "equal" : "DIFFER")")
        return same
    }
}
