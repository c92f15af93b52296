import Core
import Estimation
import Foundation
import Optimization

/// `Benchmarks plan data FILE.jsonl[.gz] ...`: robust plans of bootstrap batches of real outcomes. Predictors are
/// fitted on rows of the split `train`, batches drawn from `validation`; budgets are shares of what the best single
/// model spends. Compared with per-query thresholds at the same realised cost.
enum PlanData {
    static let batchRows = 200
    static let batches = 100

    static func run(_ paths: [String]) -> Bool {
        print(
            "suite        share  within budget  spent of it  accuracy  thresholds  best single  plain within  ms/plan")
        var good = true
        for path in paths {
            do {
                let rows = try OutcomeRow.read(path)
                guard let suite = PlanSuite(rows) else {
                    print("\(path): no costs, left out")
                    continue
                }
                for share in [0.25, 0.5] { good = try measure(suite, share) && good }
            } catch {
                print("\(path): \(error)")
                good = false
            }
        }
        return good
    }

    private static func measure(_ suite: PlanSuite, _ share: Double) throws -> Bool {
        var random = PlanRandom(17)
        var within = 0
        var plainWithin = 0
        var spent = 0.0
        var accuracy = 0.0
        var threshold = 0.0
        var seconds = 0.0
        let budget = (share * suite.bestSingleCost * Double(batchRows)).rounded()
        for _ in 0..<batches {
            let rows = (0..<batchRows).map { _ in suite.rows[random.below(suite.rows.count)] }
            var program = AssignmentProgram(
                options: rows.map(\.options), weights: .only(.accuracy), timeLimit: .seconds(5), gap: 1e-3)
            program.budget = budget
            let robust = RobustBudget(
                confidence: 0.97, variances: rows.map(\.variances), sharedDeviation: suite.sharedDeviation)
            let start = PlanClock.cpuSeconds
            let plan = try robust.solve(program)
            seconds += PlanClock.cpuSeconds - start
            let cost = suite.cost(rows, plan.solution.choice)
            if cost <= budget { within += 1 }
            spent += cost / budget
            accuracy += suite.score(rows, plan.solution.choice)
            threshold += suite.thresholdScore(rows, at: cost)
            if suite.cost(rows, try AssignmentSolver().solve(program).choice) <= budget { plainWithin += 1 }
        }
        let count = Double(batches)
        func percent(_ value: Double) -> String { String(format: "%.1f %%", 100 * value / count) }
        print(
            suite.name.padding(toLength: 12, withPad: " ", startingAt: 0), String(format: "%.2f", share),
            "  \(within)/\(batches)        ", percent(spent), "     ", percent(accuracy), "  ", percent(threshold),
            "    ", String(format: "%.1f %%", 100 * suite.bestSingleScore), "     \(plainWithin)/\(batches)      ",
            String(format: "%.2f", 1000 * seconds / count))
        return within >= 95 && accuracy >= threshold
    }
}

/// Predictions and true outcomes of one suite's validation rows.
struct PlanSuite {
    /// One query: what a plan sees, and what is true.
    struct Row {
        var options: [AssignmentOption?]
        var variances: [Double]
        var scores: [Double]
        var costs: [Double]
    }

    var name: String
    var rows: [Row] = []
    var bestSingleCost = 0.0
    var bestSingleScore = 0.0
    var sharedDeviation = 0.0

    /// Nil where no row has costs.
    init?(_ outcomes: [OutcomeRow]) {
        guard let first = outcomes.first else { return nil }
        name = first.suite
        let priced = outcomes.filter { row in
            !row.outcomes.isEmpty && row.outcomes.values.allSatisfy { $0.costUSD != nil }
        }
        let models = Set(priced.flatMap(\.outcomes.keys)).sorted()
        let train = priced.filter { $0.split == .train && $0.outcomes.count == models.count }
        let validation = priced.filter { $0.split == .validation && $0.outcomes.count == models.count }
        guard train.count >= 100, validation.count >= 50, !models.isEmpty else { return nil }
        let common = PlanPredictor(train, model: nil)
        let predictors = models.map { PlanPredictor(train, model: $0, common: common) }
        for row in validation {
            let grams = PlanPredictor.grams(row.text.prompt)
            let start = common.margin(grams)
            var made = Row(options: [], variances: [], scores: [], costs: [])
            for (model, predictor) in zip(models, predictors) {
                guard let outcome = row.outcomes[model] else { continue }
                let cost = predictor.cost(row)
                made.options.append(
                    AssignmentOption(
                        cost: (cost.mean * 1e9).rounded(), energy: 0, latency: 0,
                        accuracy: predictor.accuracy(grams, common: start)))
                made.variances.append(cost.variance * 1e18)
                made.scores.append(outcome.score)
                made.costs.append((outcome.costUSD ?? 0) * 1e9)
            }
            rows.append(made)
        }
        // The best single model by its scores in training; its spend as realised on the rows planned.
        let means = models.map { model in train.reduce(0) { $0 + ($1.outcomes[model]?.score ?? 0) } }
        guard let best = means.indices.max(by: { means[$0] < means[$1] }) else { return nil }
        bestSingleCost = rows.reduce(0) { $0 + $1.costs[best] } / Double(rows.count)
        bestSingleScore = rows.reduce(0) { $0 + $1.scores[best] } / Double(rows.count)
        // How well a mean cost over training rows is known carries over to every call alike; twice that, because a
        // plan takes what was predicted too low rather than what was predicted too high.
        let spread = predictors.reduce(0) { $0 + $1.relativeSpread } / Double(predictors.count)
        sharedDeviation = 0.02 + 2 * spread / Double(train.count).squareRoot()
    }

    func cost(_ rows: [Row], _ choice: [Int]) -> Double { zip(rows, choice).reduce(0) { $0 + $1.0.costs[$1.1] } }

    func score(_ rows: [Row], _ choice: [Int]) -> Double {
        zip(rows, choice).reduce(0) { $0 + $1.0.scores[$1.1] } / Double(rows.count)
    }

    /// Mean score of the rule "the cheapest model whose predicted accuracy reaches a threshold, else the likeliest",
    /// at the threshold whose realised cost comes to `cost`, between the two nearest ones in a straight line.
    func thresholdScore(_ rows: [Row], at cost: Double) -> Double {
        var points: [(cost: Double, score: Double)] = []
        for step in 0...200 {
            let threshold = Double(step) / 200
            let choice = rows.map { row -> Int in
                let able = row.options.indices.filter { (row.options[$0]?.accuracy ?? 0) >= threshold }
                let cheapest = able.min { (row.options[$0]?.cost ?? 0) < (row.options[$1]?.cost ?? 0) }
                let likeliest = row.options.indices.max {
                    (row.options[$0]?.accuracy ?? 0) < (row.options[$1]?.accuracy ?? 0)
                }
                return cheapest ?? likeliest ?? 0
            }
            points.append((self.cost(rows, choice), score(rows, choice)))
        }
        let below = points.filter { $0.cost <= cost }.max { $0.cost < $1.cost }
        let above = points.filter { $0.cost >= cost }.min { $0.cost < $1.cost }
        guard let below else { return above?.score ?? 0 }
        guard let above, above.cost > below.cost else { return below.score }
        return below.score + (above.score - below.score) * (cost - below.cost) / (above.cost - below.cost)
    }
}
