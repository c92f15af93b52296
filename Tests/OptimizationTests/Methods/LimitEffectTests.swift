import Optimization
import Testing

@Suite("Descriptions of a limit's effect")
struct LimitEffectTests {
    @Test("a deadline that keeps steps off the edge says how many")
    func deadline() throws {
        let edge = AssignmentOption(cost: 0, energy: 1, latency: 3, accuracy: 0.8)
        let cloud = AssignmentOption(cost: 10_000_000, energy: 0, latency: 1, accuracy: 0.8)
        var program = AssignmentProgram(
            options: [[AssignmentOption?]](repeating: [edge, cloud], count: 8), weights: .only(.cost))
        program.deadline = 18
        let solution = try AssignmentSolver().solve(program)
        let effects = try AssignmentSolver().effects(of: solution, program, shares: [0.2])
        #expect(effects.count == 1)
        #expect(effects[0].otherwise == [0: 3])
        // Of 3.6 s more, the 2 s that move one step are used: a cent cheaper.
        #expect(
            effects[0].description(modelNames: ["edge", "cloud"])
                == "the deadline binds: 3 of 8 steps would otherwise run on edge; 2 s more would buy -1 cents, +2 s")
    }

    @Test("a budget says what a small increase buys")
    func budget() throws {
        let cheap = AssignmentOption(cost: 1_000_000, energy: 1, latency: 1, accuracy: 0.5)
        let dear = AssignmentOption(cost: 5_000_000, energy: 1, latency: 1, accuracy: 0.9)
        var program = AssignmentProgram(
            options: [[AssignmentOption?]](repeating: [cheap, dear], count: 4), weights: .only(.accuracy))
        program.budget = 12_000_000
        let solution = try AssignmentSolver().solve(program)
        let effects = try AssignmentSolver().effects(of: solution, program)
        #expect(
            effects.map { $0.description(modelNames: ["small", "large"]) }
                == [
                    "the budget binds: 2 of 4 steps would otherwise run on large; "
                        + "0.4 cents more would buy +10 points of accuracy"
                ])
    }

    @Test("if a small increase changes nothing, one that does is found")
    func indivisible() throws {
        let cheap = AssignmentOption(cost: 1_000_000, energy: 1, latency: 1, accuracy: 0.5)
        let dear = AssignmentOption(cost: 5_000_000, energy: 1, latency: 1, accuracy: 0.9)
        let program = AssignmentProgram(
            options: [[AssignmentOption?]](repeating: [cheap, dear], count: 4), weights: .only(.accuracy),
            budget: 12_500_000)
        let solver = AssignmentSolver()
        let effects = try solver.effects(of: try solver.solve(program), program)
        // A tenth more is too little for one more step on the large model, four tenths suffice: 16 m are used.
        #expect(
            effects.first?.description(modelNames: ["small", "large"]).hasSuffix(
                "0.35 cents more would buy +10 points of accuracy")
                == true)
    }
}
