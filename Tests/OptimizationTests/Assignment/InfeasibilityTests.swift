import Optimization
import Testing

@Suite("Programs without a plan")
struct InfeasibilityTests {
    private static func option(_ cost: Double, _ accuracy: Double) -> AssignmentOption {
        AssignmentOption(cost: cost, energy: cost / 10, latency: 1, accuracy: accuracy)
    }

    private static let weights = AssignmentWeights(cost: 1, energy: 0, latency: 0, accuracy: 1)

    private func report(_ program: AssignmentProgram) throws -> InfeasibilityReport {
        let error = try #require(throws: OptimizationError.self) { try AssignmentSolver().solve(program) }
        guard case .infeasible(let report) = error else { throw error }
        return report
    }

    @Test("a budget below the cheapest plan is named with the missing amount")
    func budget() throws {
        var program = AssignmentProgram(
            options: [
                [Self.option(300, 0.9), Self.option(100, 0.5)], [Self.option(400, 0.9), Self.option(150, 0.6)],
            ],
            weights: Self.weights)
        program.budget = 200
        let report = try report(program)
        #expect(report.alone == [.init(limit: .budget, requested: 200, nearest: 250)])
        #expect(report.proven)
        #expect(report.description.contains("raise the budget from $0.0000002 to $0.00000025"))
    }

    @Test("a budget of zero is infeasible, and feasible when a free model exists")
    func zeroBudget() throws {
        var program = AssignmentProgram(
            options: [[Self.option(300, 0.9)], [Self.option(400, 0.9)]], weights: Self.weights)
        program.budget = 0
        #expect(try report(program).alone == [.init(limit: .budget, requested: 0, nearest: 700)])
        program.options = [[Self.option(300, 0.9), Self.option(0, 0.1)], [Self.option(0, 0.2), nil]]
        #expect(try AssignmentSolver().solve(program).choice == [1, 0])
    }

    @Test("an unreachable accuracy floor names its step and the best accuracy")
    func floor() throws {
        var program = AssignmentProgram(
            options: [[Self.option(3, 0.9)], [Self.option(4, 0.7)]], weights: Self.weights)
        program.accuracyFloors = [0.5, 0.8]
        #expect(try report(program).alone == [.init(limit: .accuracyFloor(step: 1), requested: 0.8, nearest: 0.7)])
    }

    @Test("floors beyond the budget may be lowered together")
    func floors() throws {
        var program = AssignmentProgram(
            options: [[Self.option(300, 0.9), Self.option(100, 0.5)]], weights: Self.weights)
        program.accuracyFloors = [0.8]
        program.budget = 200
        let report = try report(program)
        #expect(Set(report.binding) == [.budget, .accuracyFloors])
        let floors = try #require(report.alone.first { $0.limit == .accuracyFloors })
        #expect(abs(floors.amount - 0.3) < 1e-4)
    }

    @Test("a step that no model can serve is named")
    func noCandidate() throws {
        let program = AssignmentProgram(options: [[Self.option(3, 0.9)], [nil]], weights: Self.weights)
        #expect(try report(program).binding == [.noCandidate(step: 1)])
    }

    @Test("two limits that only bind together are reported together")
    func joint() throws {
        var program = AssignmentProgram(
            options: [[Self.option(300, 0.9), Self.option(100, 0.5)]], weights: Self.weights)
        program.budget = 50
        program.energyCap = 5
        let report = try report(program)
        #expect(report.alone.isEmpty)
        #expect(
            report.joint == [
                .init(limit: .budget, requested: 50, nearest: 100), .init(limit: .energyCap, requested: 5, nearest: 10),
            ])
    }

    @Test("the suggested relaxations make random programs feasible, and smaller ones do not", arguments: 0..<20)
    func relaxations(block: Int) throws {
        for seed in block * 20..<block * 20 + 20 {
            var generator = SeededRandom(UInt64(seed + 90_000))
            let program = AssignmentProgram.random(&generator, steps: 3, models: 3)
            guard Enumeration(program).best == nil, let report = try? report(program), report.proven else { continue }
            for relaxation in report.alone {
                guard let relaxed = program.moving(relaxation, by: 1) else { continue }
                #expect(Enumeration(relaxed).best != nil, "seed \(seed): \(relaxation)")
                // Floors are found by bisection, to 1e-4; all other amounts are exact.
                let share = relaxation.limit == .accuracyFloors ? 1 - 2e-4 / relaxation.amount : 0.999
                guard share > 0, let less = program.moving(relaxation, by: share) else { continue }
                #expect(Enumeration(less).best == nil, "seed \(seed): \(relaxation) is not the smallest")
            }
            guard report.alone.isEmpty, !report.joint.isEmpty else { continue }
            let relaxed = report.joint.reduce(program) { $0.moving($1, by: 1) ?? $0 }
            #expect(Enumeration(relaxed).best != nil, "seed \(seed): \(report)")
        }
    }
}

extension AssignmentProgram {
    /// The program with one limit moved by a share of a relaxation's amount; nil for floors.
    fileprivate func moving(_ relaxation: InfeasibilityReport.Relaxation, by share: Double) -> AssignmentProgram? {
        var program = self
        let value = relaxation.requested + share * (relaxation.nearest - relaxation.requested)
        switch relaxation.limit {
        case .budget: program.budget = value
        case .deadline: program.deadline = value
        case .energyCap: program.energyCap = value
        case .meanAccuracy: program.minimumMeanAccuracy = value
        case .slots(let model): program.slots[model] = share < 1 ? Int(value.rounded(.up)) - 1 : Int(value)
        case .other: program.limits[0].most = value
        case .accuracyFloors:
            let drop = share * relaxation.amount
            program.accuracyFloors = accuracyFloors.map { max(0, $0 - drop) }
        case .accuracyFloor, .noCandidate: return nil
        }
        return program
    }
}
