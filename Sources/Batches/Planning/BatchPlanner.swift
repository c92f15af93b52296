import Dispatch
import Domain
import Optimization
import Routing

/// Plans rows of a batch for the greatest predicted accuracy within money and time.
///
/// A plan also leaves room for reservations: a call starts only when its upper-bound cost fits the money left. Rows are
/// called in falling order of that bound, which keeps the room small.
struct BatchPlanner: Sendable {
    var table: BatchTable
    let terms: BatchOptions
    /// The policy's weights, used without a budget; with one, only accuracy counts.
    let weights: AssignmentWeights

    /// Largest amount that a `Double` represents exactly (9 million USD).
    private static let greatest = 9_007_199_254_740_992.0

    /// A plan for some rows of the table.
    struct Plan: Sendable {
        /// Rows of the table, ascending.
        var rows: [Int]
        /// Indexed like `rows`.
        var batch: BatchPlan
        /// Upper bound of the actual cost in nano-USD, at the confidence of the options.
        var pessimisticCost: Double
    }

    /// Resources of a plan.
    struct Resources: Sendable {
        /// Money left; nil for no limit.
        var left: Money?
        /// Seconds left; nil for no limit.
        var seconds: Double?
        /// Joules left; nil for no limit.
        var joules: Double?
    }

    /// Plans the given rows, or as many of them as the resources cover.
    ///
    /// - Parameter bestOnly: where not all rows fit, use each row's best model or none.
    /// - Returns: nil where no row fits.
    func plan(
        _ rows: [Int], resources: Resources, bestOnly: Bool, timeLimit: Duration
    ) throws(OptimizationError) -> Plan? {
        guard let left = resources.left else {
            return try plan(rows, budget: nil, resources: resources, bestOnly: bestOnly, timeLimit: timeLimit)
        }
        let all = min(Double(left.nanoUSD), Self.greatest)
        var budget = all
        var plan = try plan(rows, budget: budget, resources: resources, bestOnly: bestOnly, timeLimit: timeLimit)
        for _ in 0..<4 {
            guard let found = plan else { break }
            let chosen = zip(found.rows, found.batch.choice).compactMap { table.rows[$0].options[$1] }
            let over = Self.need(of: chosen) - all
            guard over > 0, budget > over else { break }
            budget -= over
            guard
                let next = try self.plan(
                    rows, budget: budget, resources: resources, bestOnly: bestOnly, timeLimit: timeLimit)
            else { break }
            plan = next
        }
        return plan
    }

    /// The budget in nano-USD that covers all given rows on their cheapest models, at the confidence of the options.
    /// Nil where time forbids it at any price.
    func budgetForAll(_ rows: [Int], resources: Resources, timeLimit: Duration) -> Double? {
        let cheapest = rows.compactMap { row in
            table.rows[row].planned.compactMap { $0 }.min { $0.cost < $1.cost }
        }
        let cost = cheapest.reduce(0) { $0 + $1.cost }
        var least = cost
        var resources = resources
        resources.left = nil
        let program = program(rows, budget: nil, resources: resources, bestOnly: false, timeLimit: timeLimit)
        if let robust = robust(rows) {
            guard let found = try? robust.leastBudget(program) else { return nil }
            least = found
        } else if program.minimumMeanAccuracy != nil || program.energyCap != nil {
            guard let found = try? RobustBudget.none(for: program).leastBudget(program) else { return nil }
            least = found
        }
        return max(least, Self.need(of: cheapest)).rounded(.up)
    }

    /// Peak of the money needed: the expected cost of the calls before, plus the upper bound of the next.
    private static func need(of options: [BatchTable.Option]) -> Double {
        var taken = 0.0
        var most = 0.0
        for option in options.sorted(by: { $0.bound > $1.bound }) {
            most = max(most, taken + Double(option.bound.nanoUSD))
            taken += option.cost
        }
        return most
    }

    private func plan(
        _ rows: [Int], budget: Double?, resources: Resources, bestOnly: Bool, timeLimit: Duration
    ) throws(OptimizationError) -> Plan? {
        // A row whose upper bound exceeds the money on every model fits no plan.
        let payable = rows.filter { row in
            guard let left = resources.left, let bound = table.rows[row].leastBound else { return true }
            return bound <= left
        }
        guard !payable.isEmpty else { return nil }
        if payable.count == rows.count {
            let whole = program(rows, budget: budget, resources: resources, bestOnly: false, timeLimit: timeLimit)
            do {
                return plan(rows, try BatchPlan(whole, robust: robust(rows)))
            } catch .infeasible {
                // Falls through to a partial plan.
            }
        }
        let offer: BatchOffer
        do {
            offer = try BatchOffer(
                of: program(payable, budget: budget, resources: resources, bestOnly: bestOnly, timeLimit: timeLimit),
                robust: robust(payable))
        } catch .infeasible {
            return nil
        }
        let chosen = offer.rows.map { payable[$0] }
        let part = program(chosen, budget: budget, resources: resources, bestOnly: bestOnly, timeLimit: timeLimit)
        return plan(chosen, try BatchPlan(part, robust: robust(chosen)))
    }

    private func plan(_ rows: [Int], _ batch: BatchPlan) -> Plan {
        let options = zip(rows, batch.choice).compactMap { table.rows[$0].options[$1] }
        let cost = options.reduce(0) { $0 + $1.cost }
        var pessimistic = cost
        if terms.confidence > 0.5 {
            let deviation = options.reduce(0) { $0 + $1.variance }.squareRoot()
            pessimistic += Normal.quantile(terms.confidence) * (deviation + RobustBudget.sharedDeviation * cost)
        }
        return Plan(rows: rows, batch: batch, pessimisticCost: pessimistic)
    }

    private func robust(_ rows: [Int]) -> RobustBudget? {
        guard terms.confidence > 0.5 else { return nil }
        return RobustBudget(
            confidence: terms.confidence, variances: rows.map { table.rows[$0].options.map { $0?.variance ?? 0 } },
            sharedDeviation: RobustBudget.sharedDeviation)
    }

    private func program(
        _ rows: [Int], budget: Double?, resources: Resources, bestOnly: Bool, timeLimit: Duration
    ) -> AssignmentProgram {
        let options = rows.map { row -> [AssignmentOption?] in
            let options = table.rows[row].planned
            let payable = options.map { option in
                option.flatMap { option in resources.left.map { option.bound <= $0 } ?? true ? option : nil }
            }
            let best = payable.compactMap { $0?.accuracy }.max()
            return payable.map { option in
                guard let option, !bestOnly || option.accuracy == best else { return nil }
                return AssignmentOption(
                    cost: option.cost, energy: option.joules, latency: option.latencySeconds,
                    accuracy: option.accuracy)
            }
        }
        var program = AssignmentProgram(
            options: options, weights: budget == nil ? weights : .only(.accuracy), budget: budget,
            timeLimit: timeLimit, gap: 1e-4)
        program.minimumMeanAccuracy = terms.minAccuracy
        program.energyCap = resources.joules
        if let seconds = resources.seconds { program.limits = capacities(rows, seconds: seconds) }
        return program
    }

    /// Call seconds per model until the deadline; models with enough for every row get no limit.
    private func capacities(_ rows: [Int], seconds: Double) -> [AssignmentLimit] {
        table.models.indices.compactMap { model in
            let seconds = max(seconds, 0) * Double(table.width(of: model, concurrency: terms.concurrency))
            // Rows in provider batches use no call slots.
            let latencies = rows.map { row in
                table.rows[row].planned[model].map { $0.tier == .batch ? 0 : $0.latencySeconds } ?? 0
            }
            guard latencies.reduce(0, +) > seconds else { return nil }
            let amounts = latencies.map { latency in
                table.models.indices.map { $0 == model ? latency : 0 }
            }
            return AssignmentLimit(
                name: "time of \(table.models[model].model.id)", unit: "s", most: seconds, amounts: amounts)
        }
    }
}

/// Runs CPU-bound work off the cooperative pool.
enum OffPool {
    private static let queue = DispatchQueue(label: "hera.batch.planning", attributes: .concurrent)

    static func run<Value: Sendable>(_ work: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: work()) }
        }
    }
}
