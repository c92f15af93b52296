import Foundation
import Optimization
import Testing

@Suite("Large programs and short times")
struct SizeAndTimeTests {
    private func program(steps: Int, models: Int, seed: UInt64) -> AssignmentProgram {
        var generator = SeededRandom(seed)
        let options: [[AssignmentOption?]] = (0..<steps).map { _ in
            (0..<models).map { _ in
                AssignmentOption(
                    cost: (1e6 * generator.unit()).rounded(), energy: generator.unit(), latency: generator.unit(),
                    accuracy: generator.unit())
            }
        }
        return AssignmentProgram(
            options: options, weights: AssignmentWeights(cost: 1, energy: 1, latency: 1, accuracy: 1),
            timeLimit: .seconds(30), gap: 1e-3)
    }

    @Test("a step with 50,000 models is planned")
    func wide() throws {
        var program = program(steps: 1, models: 50_000, seed: 1)
        program.budget = 100_000
        program.deadline = 0.1
        let solution = try AssignmentSolver().solve(program)
        let best = program.options[0].compactMap { $0 }.filter { $0.cost <= 100_000 && $0.latency <= 0.1 }
        #expect(solution.proven)
        #expect(solution.totals.cost <= 100_000)
        #expect(!best.isEmpty)
    }

    @Test("a batch of 5,000 rows keeps its limits within the gap", arguments: [0.3, 0.45])
    func batch(share: Double) throws {
        var program = program(steps: 5000, models: 6, seed: 2)
        program.budget = (share * 1e6 * 5000).rounded()
        program.deadline = share * 5000
        program.minimumMeanAccuracy = 0.55
        let solution = try AssignmentSolver().solve(program)
        #expect(Enumeration.keepsLimits(program, solution.choice))
        #expect(solution.gap <= 1e-3)
        #expect(solution.proven)
    }

    @Test("equal steps are counted rather than branched over, so ties are cheap", arguments: [7, 40, 120])
    func ties(steps: Int) throws {
        // Three models, 0.07 cents in total; the budget falls between plans of many equal steps.
        let options: [AssignmentOption?] = [(300.0, 0.5), (1700, 0.71), (4100, 0.9)].map {
            AssignmentOption(cost: $0.0, energy: 0, latency: 1, accuracy: $0.1)
        }
        var program = AssignmentProgram(
            options: [[AssignmentOption?]](repeating: options, count: steps), weights: .only(.accuracy),
            timeLimit: .seconds(20), gap: 0)
        program.budget = 2111 * Double(steps)
        let solution = try AssignmentSolver().solve(program)
        #expect(solution.proven)
        var best = 0.0
        for large in 0...steps {
            for medium in 0...(steps - large) {
                let cost = 4100 * large + 1700 * medium + 300 * (steps - large - medium)
                guard cost <= 2111 * steps else { continue }
                let right = 0.9 * Double(large) + 0.71 * Double(medium) + 0.5 * Double(steps - large - medium)
                best = max(best, right / Double(steps))
            }
        }
        #expect(abs(solution.totals.meanAccuracy - best) < 1e-9)
    }

    @Test("a too short time limit gives the best plan so far with its true gap, or an error")
    func shortTime() throws {
        var program = program(steps: 400, models: 8, seed: 3)
        program.budget = 0.35e6 * 400
        program.deadline = 0.35 * 400
        program.gap = 0
        program.timeLimit = .milliseconds(1)
        let result = Result { try AssignmentSolver().solve(program) }
        switch result {
        case .success(let solution):
            #expect(Enumeration.keepsLimits(program, solution.choice))
            #expect(solution.bound <= solution.objective)
            #expect(solution.proven == (solution.gap <= 1e-9))
        case .failure(let error):
            #expect("\(error)".contains("raise timeLimit"))
        }
    }

    @Test("cancelling during a solve ends the search", arguments: [AssignmentStrategy.automatic, .glpk])
    func cancellation(strategy: AssignmentStrategy) async throws {
        var program = program(steps: 150, models: 12, seed: 4)
        program.weights = .only(.accuracy)
        program.budget = 0.25e6 * 150
        program.deadline = 0.25 * 150
        program.energyCap = 0.25 * 150
        program.gap = 0
        let hard = program
        let task = Task.detached { try AssignmentSolver(strategy: strategy).solve(hard) }
        // On its own thread, because the solves may occupy the whole pool.
        Thread.detachNewThread {
            Thread.sleep(forTimeInterval: 0.1)
            task.cancel()
        }
        let error = await #expect(throws: OptimizationError.self) { try await task.value }
        guard case .cancelled = error else {
            Issue.record("expected cancelled, got \(String(describing: error))")
            return
        }
    }
}
