import CGLPK

/// GLPK as one function from program to solution. Thread-safe: GLPK's environment is per thread, and each call creates,
/// uses and frees its own.
package enum GLPK {
    /// Solves on the calling thread. A failed assertion inside GLPK becomes `solverFailed` instead of an abort.
    ///
    /// - Parameters:
    ///   - timeLimit: above zero; for the relaxation, and again for the search.
    ///   - gap: relative, 0..<1.
    package static func solve(
        _ program: LinearProgram, timeLimit: Duration, gap: Double
    ) throws(OptimizationError) -> LinearSolution {
        try program.validate()
        guard timeLimit > .zero else { throw .invalid(.init("timeLimit", "must be above zero, is \(timeLimit)")) }
        guard gap.isFinite, gap >= 0, gap < 1 else { throw .invalid(.init("gap", "must be in 0..<1, is \(gap)")) }
        var values = [Double](repeating: 0, count: program.columns.count)
        var duals = [Double](repeating: 0, count: program.rows.count)
        let limit = min(Int32.max / 2, max(1, Int32(clamping: timeLimit.milliseconds)))
        let result = call(program, &values, &duals, timeLimit: limit, gap: gap)
        if result.stopped_by_caller != 0 { throw .cancelled }
        let bound = result.has_bound != 0 ? result.bound : -.infinity
        let hasDuals = result.has_bound != 0
        func solution(_ status: LinearSolution.Status, found: Bool) -> LinearSolution {
            LinearSolution(
                status: status, values: found ? values : [], objective: found ? result.objective : .infinity,
                bound: bound, rowDuals: hasDuals ? duals : [])
        }
        switch UInt32(bitPattern: result.status) {
        case HERA_GLPK_OPTIMAL.rawValue: return solution(.optimal, found: true)
        case HERA_GLPK_FEASIBLE.rawValue: return solution(.feasible, found: true)
        case HERA_GLPK_INFEASIBLE.rawValue: return solution(.infeasible, found: false)
        case HERA_GLPK_UNBOUNDED.rawValue: return solution(.unbounded, found: false)
        case HERA_GLPK_STOPPED.rawValue: return solution(.stopped, found: false)
        default: throw .solverFailed("GLPK code \(result.code)")
        }
    }

    private static func call(
        _ program: LinearProgram, _ values: inout [Double], _ duals: inout [Double], timeLimit: Int32, gap: Double
    ) -> hera_glpk_result {
        // GLPK counts from 1 and never reads element 0.
        let entryRow = [0] + program.entries.map { Int32($0.row + 1) }
        let entryColumn = [0] + program.entries.map { Int32($0.column + 1) }
        let entryValue = [0] + program.entries.map(\.value)
        return hera_glpk_solve(
            Int32(program.columns.count), Int32(program.rows.count), Int32(program.entries.count),
            program.columns.map(\.objective), program.columns.map(\.lower), program.columns.map(\.upper),
            program.columns.map { $0.isInteger ? 1 : 0 }, program.rows.map(\.lower), program.rows.map(\.upper),
            entryRow, entryColumn, entryValue, .greatestFiniteMagnitude, timeLimit, gap,
            { Task.isCancelled ? 1 : 0 }, &values, &duals)
    }
}

extension Duration {
    /// Whole milliseconds, rounded down, within Int64.
    var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1000)
        return overflow ? (seconds > 0 ? .max : .min) : product + attoseconds / 1_000_000_000_000_000
    }
}
