import Optimization
import Testing

@Suite("Invalid programs")
struct InvalidProgramTests {
    private static let option = AssignmentOption(cost: 100, energy: 2, latency: 1, accuracy: 0.8)

    /// A valid program of 3 steps and 2 models, for tests to break.
    private static func good() -> AssignmentProgram {
        AssignmentProgram(
            options: [[AssignmentOption?]](repeating: [option, option], count: 3),
            weights: AssignmentWeights(cost: 1, energy: 1, latency: 1, accuracy: 1))
    }

    struct Spoiler: Sendable, CustomTestStringConvertible {
        var field: String
        var spoil: @Sendable (inout AssignmentProgram) -> Void
        var testDescription: String { field }

        init(_ field: String, _ spoil: @escaping @Sendable (inout AssignmentProgram) -> Void) {
            self.field = field
            self.spoil = spoil
        }
    }

    static let spoilers: [Spoiler] = [
        Spoiler("options") { $0.options = [] },
        Spoiler("options") { $0.options = [[], [], []] },
        Spoiler("options") { $0.options[1] = [nil] },
        Spoiler("options.cost") { $0.options[1][1]?.cost = .nan },
        Spoiler("options.cost") { $0.options[1][1]?.cost = -1 },
        Spoiler("options.cost") { $0.options[1][1]?.cost = .infinity },
        Spoiler("options.energy") { $0.options[1][1]?.energy = -0.5 },
        Spoiler("options.latency") { $0.options[1][1]?.latency = 1e300 },
        Spoiler("options.accuracy") { $0.options[1][1]?.accuracy = 1.01 },
        Spoiler("options.accuracy") { $0.options[1][1]?.accuracy = .nan },
        Spoiler("accuracyFloors") { $0.accuracyFloors = [0.5] },
        Spoiler("accuracyFloors") { $0.accuracyFloors = [0.5, .nan, 0] },
        Spoiler("weights.cost") { $0.weights.cost = -1 },
        Spoiler("weights.latency") { $0.weights.latency = .nan },
        Spoiler("weights") { $0.weights = AssignmentWeights(cost: 0, energy: 0, latency: 0, accuracy: 0) },
        Spoiler("switching") { $0.switching = [[.free, .free]] },
        Spoiler("switching") { $0.switching = [[AssignmentSwitch]](repeating: [.free], count: 3) },
        Spoiler("switching.cost") {
            $0.switching = [[AssignmentSwitch]](repeating: [.free, .free], count: 3)
            $0.switching[2][1].cost = .nan
        },
        Spoiler("previous") { $0.previous = 2 },
        Spoiler("budget") { $0.budget = -1 },
        Spoiler("budget") { $0.budget = .nan },
        Spoiler("deadline") { $0.deadline = .infinity },
        Spoiler("energyCap") { $0.energyCap = -0.1 },
        Spoiler("minimumMeanAccuracy") { $0.minimumMeanAccuracy = 2 },
        Spoiler("latencyPaths") { $0.latencyPaths = [[0, 0]] },
        Spoiler("latencyPaths") { $0.latencyPaths = [[3]] },
        Spoiler("slots") { $0.slots = [1] },
        Spoiler("slots") { $0.slots = [1, -1] },
        Spoiler("limits.carbon") { $0.limits = [AssignmentLimit(name: "carbon", unit: "g", most: 1, amounts: [])] },
        Spoiler("limits") {
            let amounts = [[Double]](repeating: [1, 1], count: 3)
            let limit = AssignmentLimit(name: "carbon", unit: "g", most: 1, amounts: amounts)
            $0.limits = [limit, limit]
        },
        Spoiler("timeLimit") { $0.timeLimit = .zero },
        Spoiler("timeLimit") { $0.timeLimit = .seconds(-1) },
        Spoiler("gap") { $0.gap = 1 },
        Spoiler("gap") { $0.gap = .nan },
    ]

    @Test("a malformed field is a typed error that names it", arguments: spoilers)
    func malformed(spoiler: Spoiler) {
        var program = Self.good()
        spoiler.spoil(&program)
        let error = #expect(throws: OptimizationError.self) { try AssignmentSolver().solve(program) }
        guard case .invalid(let problem) = error else {
            Issue.record("expected invalid, got \(String(describing: error))")
            return
        }
        #expect(problem.field == spoiler.field)
        #expect(problem.description.contains(spoiler.field))
    }

    @Test("the error names the invalid step and model")
    func place() {
        var program = Self.good()
        program.options[2][1]?.cost = -5
        let error = #expect(throws: OptimizationError.self) { try AssignmentSolver().solve(program) }
        guard case .invalid(let problem) = error else { return }
        #expect(problem.step == 2)
        #expect(problem.model == 1)
    }

    @Test("a cancelled task throws cancelled")
    func cancelled() async {
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try AssignmentSolver().solve(Self.good())
        }
        await #expect(throws: OptimizationError.self) { try await task.value }
    }
}
