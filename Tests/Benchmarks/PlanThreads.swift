import Optimization

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
