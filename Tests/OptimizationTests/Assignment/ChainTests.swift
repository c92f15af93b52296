import Optimization
import Testing

@Suite("Plans of a chain")
struct ChainTests {
    private static func option(_ cost: Double, _ accuracy: Double, latency: Double = 1) -> AssignmentOption {
        AssignmentOption(cost: cost, energy: 1, latency: latency, accuracy: accuracy)
    }

    @Test("a single step chooses the model of least weighted cost")
    func alone() throws {
        let program = AssignmentProgram(
            options: [[Self.option(100, 0.9), Self.option(20, 0.7), Self.option(0, 0.1)]],
            weights: AssignmentWeights(cost: 1, energy: 0, latency: 0, accuracy: 1))
        // Scaled by hand: cost 1, 0.2, 0; error 0, 0.25, 1; halves of the sums 1, 0.45, 1.
        let solution = try AssignmentSolver().solve(program)
        #expect(solution.choice == [1])
        #expect(abs(solution.objective - 0.225) < 1e-12)
        #expect(solution.method == .dynamicProgramming)
        #expect(solution.gap == 0)
        #expect(solution.totals.cost == 20)
        #expect(solution.totals.meanAccuracy == 0.7)
    }

    @Test("a switch that costs more than it saves is not made")
    func switching() throws {
        var program = AssignmentProgram(
            options: [[Self.option(10, 0.9), nil], [Self.option(10, 0.9), Self.option(4, 0.9)]],
            weights: .only(.cost))
        #expect(try AssignmentSolver().solve(program).choice == [0, 1])
        program.switching = [[AssignmentSwitch]](
            repeating: [.free, AssignmentSwitch(cost: 7, energy: 0, latency: 0)], count: 2)
        let stayed = try AssignmentSolver().solve(program)
        #expect(stayed.choice == [0, 0])
        #expect(stayed.totals.cost == 20)
    }

    @Test("switching from the model before the first step is paid for")
    func previous() throws {
        var program = AssignmentProgram(
            options: [[Self.option(10, 0.9), Self.option(8, 0.9)]], weights: .only(.cost))
        program.switching = [[.free, AssignmentSwitch(cost: 5, energy: 0, latency: 0)]]
        #expect(try AssignmentSolver().solve(program).choice == [1])
        program.previous = 0
        #expect(try AssignmentSolver().solve(program).choice == [0])
        program.previous = 1
        let solution = try AssignmentSolver().solve(program)
        #expect(solution.choice == [1])
        #expect(solution.totals.cost == 8)
    }

    @Test("a deadline binds, is named, and its shadow price is the value of a second")
    func shadowPrice() throws {
        // Edge is slow and free, cloud fast and expensive. Of 4 steps, 2.5 fit on the edge.
        let edge = Self.option(0, 0.8, latency: 3)
        let cloud = Self.option(100, 0.8, latency: 1)
        var program = AssignmentProgram(
            options: [[AssignmentOption?]](repeating: [edge, cloud], count: 4), weights: .only(.cost))
        program.deadline = 9
        let solution = try AssignmentSolver().solve(program)
        #expect(solution.totals.latency == 8)
        #expect(solution.totals.cost == 200)
        #expect(solution.bindingLimits == [.deadline(path: 0)])
        // Two seconds more move one step of scaled cost 1 to the edge: 0.5 a second.
        #expect(abs(solution.shadowPrices[0].objectivePerUnit - 0.5) < 1e-9)
        #expect(solution.shadowPrices[0].slack == 1)
    }

    @Test("8 threads x 250 solves give the same sums as one thread")
    func threads() async throws {
        let programs = (0..<250).map { seed in
            var generator = SeededRandom(UInt64(seed))
            return AssignmentProgram.random(&generator, steps: 6, models: 4)
        }
        @Sendable func sum() -> Double {
            programs.enumerated().reduce(0) { sum, entry in
                let strategy: AssignmentStrategy = entry.offset % 2 == 0 ? .automatic : .glpk
                return sum + ((try? AssignmentSolver(strategy: strategy).solve(entry.element).objective) ?? 0)
            }
        }
        let expected = sum()
        let sums = await withTaskGroup(of: Double.self) { group in
            for _ in 0..<8 { group.addTask { sum() } }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(sums == [Double](repeating: expected, count: 8))
    }
}
