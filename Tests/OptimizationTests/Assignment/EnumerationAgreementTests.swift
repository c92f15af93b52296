import Optimization
import Testing

@Suite("The solver against enumeration")
struct EnumerationAgreementTests {
    /// Solves one random program both ways and compares objective, limits, certificate and infeasibility.
    private func compare(_ seed: Int, steps: Int, models: Int, strategy: AssignmentStrategy) throws {
        var generator = SplitMix(UInt64(seed))
        let size = (1 + generator.below(steps), 1 + generator.below(models))
        let program = AssignmentProgram.random(&generator, steps: size.0, models: size.1)
        let truth = Enumeration(program)
        do {
            let solution = try AssignmentSolver(strategy: strategy).solve(program)
            let best = try #require(truth.best, "seed \(seed): a plan was found where enumeration finds none")
            #expect(abs(solution.objective - best) <= 1e-7 * max(1, best), "seed \(seed)")
            #expect(Enumeration.keepsLimits(program, solution.choice), "seed \(seed)")
            let objective = try #require(Enumeration.objective(program, solution.choice))
            #expect(abs(objective - solution.objective) <= 1e-9 * max(1, objective), "seed \(seed)")
            #expect(solution.bound <= best + 1e-9 * max(1, best), "seed \(seed): false certificate")
            #expect(solution.proven, "seed \(seed)")
        } catch OptimizationError.infeasible(let report) {
            #expect(truth.best == nil, "seed \(seed): \(report)")
            #expect(!report.binding.isEmpty, "seed \(seed)")
        }
    }

    @Test("small programs with all kinds of limits have enumeration's objective", arguments: 0..<40)
    func small(block: Int) throws {
        for seed in block * 50..<block * 50 + 50 {
            try compare(seed, steps: 5, models: 4, strategy: .automatic)
        }
    }

    @Test("GLPK alone has enumeration's objective", arguments: 0..<10)
    func linear(block: Int) throws {
        for seed in block * 20..<block * 20 + 20 {
            try compare(seed, steps: 4, models: 4, strategy: .glpk)
        }
    }
}
