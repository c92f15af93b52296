import Optimization
import Testing

@Suite("Budgets that the realised cost keeps")
struct RobustBudgetTests {
    /// A batch of rows with three models, the expensive ones better. True costs vary widely around the predicted ones.
    private func batch(_ generator: inout SeededRandom, rows: Int) -> AssignmentProgram {
        let options: [[AssignmentOption?]] = (0..<rows).map { _ in
            let tokens = 50 + 500 * generator.unit()
            return [(20.0, 0.5), (100, 0.7), (800, 0.9)].map { price, accuracy in
                AssignmentOption(
                    cost: (tokens * price).rounded(), energy: 0, latency: 1,
                    accuracy: min(1, accuracy * (0.8 + 0.4 * generator.unit())))
            }
        }
        return AssignmentProgram(options: options, weights: .only(.accuracy), timeLimit: .seconds(20), gap: 1e-3)
    }

    private func variances(_ program: AssignmentProgram, spread: Double) -> [[Double]] {
        program.options.map { $0.map { spread * spread * ($0?.cost ?? 0) * ($0?.cost ?? 0) } }
    }

    /// A cost evenly between zero and twice the predicted one: variance a third of its square.
    private func realised(_ option: AssignmentOption?, _ bias: Double, _ generator: inout SeededRandom) -> Double {
        (option?.cost ?? 0) * 2 * generator.unit() * bias
    }

    @Test("realised costs exceed the budget in few batches with the robust plan, in about half without")
    func confidence() throws {
        var generator = SeededRandom(7)
        var kept = 0
        var naive = 0
        let batches = 60
        for _ in 0..<batches {
            var program = batch(&generator, rows: 60)
            let dearest = program.options.reduce(0) { $0 + ($1[2]?.cost ?? 0) }
            program.budget = (0.4 * dearest).rounded()
            let budget = try #require(program.budget)
            let robust = RobustBudget(
                confidence: 0.95, variances: variances(program, spread: 0.57735), sharedDeviation: 0)
            let plan = try robust.solve(program)
            #expect(plan.pessimisticCost <= budget * (1 + 1e-9))
            let plain = try AssignmentSolver().solve(program)
            func cost(_ choice: [Int]) -> Double {
                zip(program.options, choice).reduce(0) { $0 + realised($1.0[$1.1], 1, &generator) }
            }
            if cost(plan.solution.choice) <= budget { kept += 1 }
            if cost(plain.choice) <= budget { naive += 1 }
        }
        // 95 % of 60 is 57; the binomial spread allows a few fewer.
        #expect(kept >= 53)
        #expect(naive < 45)
    }

    @Test("the plan uses the budget up to its pessimistic cost, not far less")
    func tightness() throws {
        var generator = SeededRandom(11)
        var program = batch(&generator, rows: 200)
        let dearest = program.options.reduce(0) { $0 + ($1[2]?.cost ?? 0) }
        let budget = (0.4 * dearest).rounded()
        program.budget = budget
        let robust = RobustBudget(confidence: 0.9, variances: variances(program, spread: 0.3), sharedDeviation: 0.05)
        let plan = try robust.solve(program)
        #expect(plan.pessimisticCost <= budget * (1 + 1e-9))
        #expect(plan.pessimisticCost >= 0.98 * budget)
        #expect(plan.deviation > 0)
    }

    @Test("a batch predicted a third too low is replanned and keeps its budget")
    func replanning() throws {
        var generator = SeededRandom(3)
        var program = batch(&generator, rows: 80)
        let dearest = program.options.reduce(0) { $0 + ($1[2]?.cost ?? 0) }
        let budget = (0.5 * dearest).rounded()
        program.budget = budget
        let robust = RobustBudget(
            confidence: 0.95, variances: variances(program, spread: 0.1), sharedDeviation: 0.02)
        var plan = try BatchPlan(program, robust: robust)
        let first = plan.choice
        var replans = 0
        for row in 0..<program.stepCount {
            let model = plan.choice[row]
            let cost = (program.options[row][model]?.cost ?? 0) * 1.5
            plan.book(row, model: model, cost: cost)
            if row % 8 == 7, plan.drift > 0.02 {
                try plan.replan()
                replans += 1
            }
        }
        #expect(replans > 0)
        #expect(plan.isDone.allSatisfy { $0 })
        #expect(plan.spent <= budget)
        let unchanged = zip(program.options, first).reduce(0) { $0 + 1.5 * ($1.0[$1.1]?.cost ?? 0) }
        #expect(unchanged > budget)
        #expect(plan.correction(2) > 1.3)
    }

    @Test("without money the cheapest options remain, and an error is thrown")
    func exhausted() throws {
        var generator = SeededRandom(5)
        var program = batch(&generator, rows: 10)
        let cheapest = program.options.reduce(0) { $0 + ($1[0]?.cost ?? 0) }
        program.budget = (cheapest * 2).rounded()
        var plan = try BatchPlan(program)
        plan.book(0, model: plan.choice[0], cost: cheapest * 3)
        #expect(throws: OptimizationError.self) { try plan.replan() }
        #expect(plan.choice.dropFirst().allSatisfy { $0 == 0 })
    }

    @Test("confidence, variances and switching are validated")
    func malformed() throws {
        var generator = SeededRandom(5)
        var program = batch(&generator, rows: 2)
        program.budget = 1e9
        let good = variances(program, spread: 0.1)
        for robust in [
            RobustBudget(confidence: 0.4, variances: good), RobustBudget(confidence: 0.9, variances: []),
            RobustBudget(confidence: 0.9, variances: good.map { $0.map { _ in -1 } }),
            RobustBudget(confidence: 0.9, variances: good, sharedDeviation: .nan),
        ] {
            #expect(throws: OptimizationError.self) { try robust.solve(program) }
        }
        program.switching = [[AssignmentSwitch]](repeating: [.free, .free, .free], count: 2)
        #expect(throws: OptimizationError.self) { try BatchPlan(program) }
    }
}
