import Optimization
import Testing

@Suite("The solver against enumeration")
struct EnumerationAgreementTests {
    /// Solves one random program both ways and compares objective, limits, certificate and infeasibility.
    private func compare(_ seed: Int, steps: Int, models: Int, strategy: AssignmentStrategy) throws {
        var generator = SeededRandom(UInt64(seed))
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

    @Test("small programs with all kinds of limits have the objective of enumeration", arguments: 0..<40)
    func small(block: Int) throws {
        for seed in block * 50..<block * 50 + 50 {
            try compare(seed, steps: 5, models: 4, strategy: .automatic)
        }
    }

    @Test("GLPK alone has the objective of enumeration", arguments: 0..<10)
    func linear(block: Int) throws {
        for seed in block * 20..<block * 20 + 20 {
            try compare(seed, steps: 4, models: 4, strategy: .glpk)
        }
    }
}

@Suite("Random programs in a process of their own")
struct FuzzTests {
    @Test("no program, however malformed, ends the process")
    func boundary() async {
        await #expect(processExitsWith: .success) {
            let strange: [Double] = [.nan, .infinity, -1, 0, .leastNonzeroMagnitude, 1e300, 9_007_199_254_740_992]
            for seed in 0..<3000 {
                var generator = SeededRandom(UInt64(seed))
                var program = AssignmentProgram.random(&generator, steps: 4, models: 3)
                program.timeLimit = .milliseconds(100)
                let value = strange[generator.below(strange.count)]
                switch generator.below(10) {
                case 0: program.options[0][0]?.cost = value
                case 1: program.options[0][0]?.accuracy = value
                case 2: program.options = [[]]
                case 3: program.budget = value
                case 4: program.weights.cost = value
                case 5: program.switching = [[AssignmentSwitch(cost: value, energy: 0, latency: 0)]]
                case 6: program.slots = [Int(seed) - 1500]
                case 7: program.minimumMeanAccuracy = value
                default: break
                }
                _ = try? AssignmentSolver(strategy: seed % 3 == 0 ? .glpk : .automatic).solve(program)
                var linear = LinearProgram(columns: [.init(objective: value), .init(objective: 1, isInteger: true)])
                linear.addRow(.init(upper: value), [(0, 1), (1, Double(generator.below(3)))])
                if seed % 5 == 0 { linear.entries.append(.init(row: generator.below(3) - 1, column: 0, value: 1)) }
                _ = try? GLPK.solve(linear, timeLimit: .milliseconds(100), gap: 0)
            }
        }
    }

    @Test("a failed assertion inside GLPK comes back as an error")
    func assertion() throws {
        // Found by the fuzzer: a coefficient of 5e-324 in a row of its own breaks an assertion of the cover cuts.
        var broken = LinearProgram(columns: [
            .init(objective: 10, upper: 2, isInteger: true), .init(objective: -6, upper: 6),
            .init(objective: -2, upper: 1, isInteger: true),
        ])
        broken.addRow(.init(upper: 1), [(1, 3), (2, .leastNonzeroMagnitude)])
        broken.addRow(.init(upper: 12), [(0, 1), (2, -3)])
        broken.addRow(.init(upper: 1), [(2, 7)])
        broken.addRow(.init(upper: 10), [(0, -4), (1, 4)])
        let error = #expect(throws: OptimizationError.self) {
            try GLPK.solve(broken, timeLimit: .seconds(1), gap: 0)
        }
        guard case .solverFailed = error else {
            Issue.record("expected solverFailed, got \(String(describing: error))")
            return
        }
        // GLPK works on this thread afterwards.
        var program = LinearProgram()
        let column = program.addColumn(.init(objective: 1))
        program.addRow(.init(lower: 2), [(column, 1)])
        let solution = try GLPK.solve(program, timeLimit: .seconds(1), gap: 0)
        #expect(solution.objective == 2)
    }
}
