import Optimization
import Testing

@Suite("Linear programs")
struct LinearProgramTests {
    /// minimise -3x - 2y, x + y <= 4, x + 3y <= 6, 0 <= x <= 3, y >= 0: x = 3, y = 1, objective -11.
    private static func textbook() -> LinearProgram {
        var program = LinearProgram()
        let first = program.addColumn(.init(objective: -3, upper: 3))
        let second = program.addColumn(.init(objective: -2))
        program.addRow(.init(upper: 4), [(first, 1), (second, 1)])
        program.addRow(.init(upper: 6), [(first, 1), (second, 3)])
        return program
    }

    private func solve(_ program: LinearProgram) throws -> LinearSolution {
        try GLPK.solve(program, timeLimit: .seconds(5), gap: 0)
    }

    @Test("a textbook program has its optimum and its duals")
    func optimum() throws {
        let solution = try solve(Self.textbook())
        #expect(solution.status == .optimal)
        #expect(abs(solution.objective + 11) < 1e-9)
        #expect(abs(solution.values[0] - 3) < 1e-9)
        #expect(abs(solution.rowDuals[0] + 2) < 1e-9 || abs(solution.rowDuals[1]) > 0)
    }

    @Test("a knapsack of integers is solved to its optimum")
    func knapsack() throws {
        var program = LinearProgram()
        let values = [60.0, 100, 120, 75]
        let weights = [10.0, 20, 30, 15]
        let columns = values.map { program.addColumn(.binary(objective: -$0)) }
        program.addRow(.init(upper: 50), Array(zip(columns, weights)))
        let solution = try solve(program)
        // 10 + 20 + 15 weigh 45 and are worth 235; 20 + 30 are worth 220.
        #expect(solution.status == .optimal)
        #expect(abs(solution.objective + 235) < 1e-6)
    }

    @Test("infeasible and unbounded programs are distinguished")
    func status() throws {
        var program = Self.textbook()
        program.addRow(.init(lower: 100), [(0, 1)])
        #expect(try solve(program).status == .infeasible)
        var open = LinearProgram()
        let column = open.addColumn(.init(objective: -1))
        open.addRow(.init(lower: 0), [(column, 1)])
        #expect(try solve(open).status == .unbounded)
    }

    struct Spoiler: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var spoil: @Sendable (inout LinearProgram) -> Void

        init(_ description: String, _ spoil: @escaping @Sendable (inout LinearProgram) -> Void) {
            testDescription = description
            self.spoil = spoil
        }
    }

    static let spoilers: [Spoiler] = [
        Spoiler("no columns") { $0 = LinearProgram(rows: [.init()]) },
        Spoiler("no rows") { $0 = LinearProgram(columns: [.init(objective: 1)]) },
        Spoiler("a duplicate entry") { $0.entries.append($0.entries[0]) },
        Spoiler("an entry beyond the rows") { $0.entries.append(.init(row: 9, column: 0, value: 1)) },
        Spoiler("a negative column") { $0.entries.append(.init(row: 0, column: -1, value: 1)) },
        Spoiler("a coefficient that is no number") { $0.entries[0].value = .nan },
        Spoiler("an infinite coefficient") { $0.entries[0].value = .infinity },
        Spoiler("an objective that is no number") { $0.columns[0].objective = .nan },
        Spoiler("crossed bounds") { $0.columns[0].lower = 5 },
        Spoiler("a bound that is no number") { $0.rows[0].upper = .nan },
        Spoiler("a lower bound of infinity") { $0.rows[0].lower = .infinity },
        Spoiler("an integer with a fractional bound") {
            $0.columns[0].isInteger = true
            $0.columns[0].upper = 2.5
        },
    ]

    @Test("input that GLPK would abort on is an error", arguments: spoilers)
    func malformed(spoiler: Spoiler) {
        var program = Self.textbook()
        spoiler.spoil(&program)
        let error = #expect(throws: OptimizationError.self) { try solve(program) }
        guard case .invalid = error else {
            Issue.record("expected invalid, got \(String(describing: error))")
            return
        }
    }

    @Test("a time limit of zero and a gap of one are errors")
    func limits() {
        #expect(throws: OptimizationError.self) { try GLPK.solve(Self.textbook(), timeLimit: .zero, gap: 0) }
        #expect(throws: OptimizationError.self) { try GLPK.solve(Self.textbook(), timeLimit: .seconds(1), gap: 1) }
    }

    @Test("a million columns are solved, and too many are an error that names the maximum")
    func million() throws {
        // One row needs one unit of the most expensive column or of any other; the cheapest is chosen.
        var program = LinearProgram(
            columns: (0..<1_000_000).map { LinearProgram.Column(objective: Double(1_000_000 - $0), upper: 1) })
        program.rows = [.init(lower: 1, upper: 1)]
        program.entries = (0..<1_000_000).map { LinearProgram.Entry(row: 0, column: $0, value: 1) }
        let solution = try GLPK.solve(program, timeLimit: .seconds(60), gap: 0)
        #expect(solution.status == .optimal)
        #expect(solution.objective == 1)
        program.columns = [LinearProgram.Column](
            repeating: .init(objective: 1), count: LinearProgram.greatestCount + 1)
        let error = #expect(throws: OptimizationError.self) {
            try GLPK.solve(program, timeLimit: .seconds(1), gap: 0)
        }
        #expect(error?.description.contains("at most 4000000 can be solved") == true)
    }
}
