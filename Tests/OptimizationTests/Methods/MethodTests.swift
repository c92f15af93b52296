import Foundation
import Optimization
import Testing

@Suite("Planning methods")
struct MethodTests {
    /// A random program that has a plan, with all its plans.
    private func feasible(_ seed: Int) -> (program: AssignmentProgram, plans: [AssignmentTotals])? {
        var generator = SeededRandom(UInt64(seed + 70_000))
        var program = AssignmentProgram.random(&generator, steps: 4, models: 3)
        program.latencyPaths = []
        let plans = Enumeration.plans(program)
        return plans.isEmpty ? nil : (program, plans)
    }

    @Test("epsilon-constraint finds the least cost at the requested accuracy", arguments: 0..<60)
    func epsilon(seed: Int) throws {
        guard let (program, plans) = feasible(seed) else { return }
        let errors = plans.map { 1 - $0.meanAccuracy }.sorted()
        let most = errors[errors.count / 3]
        let truth = plans.filter { 1 - $0.meanAccuracy <= most + 1e-9 }.map(\.cost).min()
        let solution = try AssignmentSolver().solve(
            program, by: .epsilonConstraint(objective: .cost, most: [.accuracy: most]))
        #expect(solution.totals.cost == truth)
    }

    @Test("lexicographic order gives up nothing of a higher rank", arguments: 0..<60)
    func lexicographic(seed: Int) throws {
        guard let (program, plans) = feasible(seed) else { return }
        let solution = try AssignmentSolver().solve(program, by: .lexicographic([.accuracy, .latency, .cost]))
        let accuracy = try #require(plans.map(\.meanAccuracy).max())
        let best = plans.filter { $0.meanAccuracy >= accuracy - 1e-9 }
        let latency = try #require(best.map(\.latency).min())
        let cost = best.filter { $0.latency <= latency + 1e-9 }.map(\.cost).min()
        #expect(abs(solution.totals.meanAccuracy - accuracy) < 1e-9)
        #expect(abs(solution.totals.latency - latency) < 1e-9)
        #expect(solution.totals.cost == cost)
    }

    @Test("Chebyshev's plan has the least worst distance, and its bound is below it", arguments: 0..<60)
    func chebyshev(seed: Int) throws {
        guard let (program, plans) = feasible(seed) else { return }
        let weights = AssignmentWeights(cost: 1, energy: 0, latency: 0.5, accuracy: 1)
        let answer = try AugmentedChebyshev(weights: weights).solve(program)
        // The pay-off table by enumeration: ideal and span of each criterion over the single-criterion optima. Ties
        // between optima leave the span undetermined, so only instances without ties are compared.
        let criteria: [Criterion] = [.cost, .latency, .accuracy]
        var ideal: [Criterion: Double] = [:]
        var corners: [AssignmentTotals] = []
        for criterion in criteria {
            let least = try #require(plans.map { $0.amount(criterion) }.min())
            let winners = plans.filter { $0.amount(criterion) <= least + 1e-9 }
            guard winners.count == 1 else { return }
            ideal[criterion] = least
            corners.append(winners[0])
        }
        func distance(_ totals: AssignmentTotals) -> Double {
            criteria.map { criterion in
                let least = ideal[criterion] ?? 0
                let span = (corners.map { $0.amount(criterion) }.max() ?? 0) - least
                return weights[criterion] * (totals.amount(criterion) - least) / max(span, 1e-9 * max(1, abs(least)))
            }.max() ?? 0
        }
        let truth = try #require(plans.map(distance).min())
        #expect(answer.distance <= truth + 1e-4 + 1e-6, "seed \(seed)")
        #expect(answer.bound <= truth + 1e-6, "seed \(seed)")
        #expect(abs(distance(answer.solution.totals) - answer.distance) < 1e-6)
    }

    @Test("the front of cost and accuracy is that of enumeration", arguments: 0..<60)
    func front(seed: Int) throws {
        guard let (program, plans) = feasible(seed) else { return }
        let front = try ParetoFront.trace(program)
        var truth: [(cost: Double, accuracy: Double)] = []
        for plan in plans.sorted(by: { ($0.cost, -$0.meanAccuracy) < ($1.cost, -$1.meanAccuracy) })
        where plan.meanAccuracy > (truth.last?.accuracy ?? -1) + 1e-7 {
            truth.append((plan.cost, plan.meanAccuracy))
        }
        #expect(front.isComplete)
        #expect(front.points.map(\.totals.cost) == truth.map(\.cost), "seed \(seed)")
        for (point, plan) in zip(front.points, truth) {
            #expect(abs(point.totals.meanAccuracy - plan.accuracy) < 1e-6)
        }
    }

    @Test("dominated options are not on a step's front")
    func options() {
        let options: [AssignmentOption?] = [
            AssignmentOption(cost: 10, energy: 1, latency: 1, accuracy: 0.9),
            AssignmentOption(cost: 11, energy: 1, latency: 1, accuracy: 0.9),
            nil,
            AssignmentOption(cost: 11, energy: 1, latency: 0.5, accuracy: 0.9),
            AssignmentOption(cost: 1, energy: 5, latency: 9, accuracy: 0.1),
        ]
        #expect(ParetoFront.options(options) == [0, 3, 4])
    }

    @Test("an empty order and a front of one criterion are errors")
    func malformed() {
        let program = AssignmentProgram(
            options: [[AssignmentOption(cost: 1, energy: 1, latency: 1, accuracy: 1)]], weights: .only(.cost))
        #expect(throws: OptimizationError.self) { try AssignmentSolver().solve(program, by: .lexicographic([])) }
        #expect(throws: OptimizationError.self) {
            try ParetoFront.trace(program, first: .cost, second: .cost)
        }
    }
}
