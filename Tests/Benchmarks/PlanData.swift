import Domain
import Estimation
import Foundation
import Optimization
import Routing
import Training

/// `Benchmarks plan data FILE.jsonl[.gz] ...`: plans of bootstrap batches of real outcomes, as `hera plan` makes them
/// with the shipped profiles (trained on the split `train`; batches are drawn from `validation`). Budgets are shares of
/// what the best single model spends. Compared with per-query thresholds at the same realised cost.
enum PlanData {
    static let batchRows = 200
    static let batches = 100
    static let confidence = 0.95

    static func run(_ paths: [String]) -> Bool {
        print("suite         share   plan      within   spent   accuracy  thresholds  replans  ms/plan")
        var good = true
        do {
            let profiles = try ProfileSet.load(directory: "Profiles")
            for path in paths {
                guard let suite = PlanSuite(try OutcomeRow.read(path), profiles: profiles) else {
                    print("\(path): no costs, left out")
                    continue
                }
                for share in [0.25, 0.5] { good = try measure(suite, share) && good }
            }
        } catch {
            print("\(error)")
            good = false
        }
        return good
    }

    /// What came of the batches of one suite at one budget, by one way of planning.
    private struct Tally {
        var within = 0
        var spent = 0.0
        var accuracy = 0.0
        var threshold = 0.0
        var replans = 0
        var seconds = 0.0
    }

    private static func measure(_ suite: PlanSuite, _ share: Double) throws -> Bool {
        var random = PlanRandom(17)
        let budget = (share * suite.bestSingleCost * Double(batchRows)).rounded()
        var tallies = ["plain": Tally(), "robust": Tally(), "followed": Tally()]
        for _ in 0..<batches {
            let batch = suite.batch.rows((0..<batchRows).map { _ in random.below(suite.batch.rows.count) })
            for name in tallies.keys {
                let start = PlanClock.cpuSeconds
                var plan = try RecordedPlan(batch, budget: budget, confidence: name == "plain" ? 0.5 : confidence)
                if name == "followed" { plan.carryOut(batch) }
                let seconds = PlanClock.cpuSeconds - start
                let totals = batch.realised(plan.choice)
                let threshold = suite.thresholdScore(batch, at: totals.costUSD)
                tallies[name]?.within += totals.costUSD * 1e9 <= budget ? 1 : 0
                tallies[name]?.spent += totals.costUSD * 1e9 / budget
                tallies[name]?.accuracy += totals.accuracy
                tallies[name]?.threshold += threshold
                tallies[name]?.replans += plan.replans
                tallies[name]?.seconds += seconds
            }
        }
        let count = Double(batches)
        var good = true
        for name in ["plain", "robust", "followed"] {
            guard let tally = tallies[name] else { continue }
            print(
                suite.name.padding(toLength: 13, withPad: " ", startingAt: 0), String(format: "%.2f", share), " ",
                name.padding(toLength: 9, withPad: " ", startingAt: 0),
                String(
                    format: "%3d/%d  %5.1f %%   %5.1f %%    %5.1f %%    %5.1f  %7.2f", tally.within, batches,
                    100 * tally.spent / count, 100 * tally.accuracy / count, 100 * tally.threshold / count,
                    Double(tally.replans) / count, 1000 * tally.seconds / count))
            if name != "plain" { good = good && tally.within >= 95 && tally.accuracy >= tally.threshold }
        }
        return good
    }
}

/// The rows of one suite's split `validation`, with the shipped predictions and the true outcomes.
struct PlanSuite {
    let name: String
    let batch: RecordedBatch
    /// Nano-USD a row.
    let bestSingleCost: Double

    /// Nil where no row has costs.
    init?(_ outcomes: [OutcomeRow], profiles: ProfileSet) {
        let priced = outcomes.filter { row in
            !row.outcomes.isEmpty && row.outcomes.values.allSatisfy { $0.costUSD != nil }
        }
        let models = Set(priced.flatMap(\.outcomes.keys)).sorted()
        let full = priced.filter { $0.outcomes.count == models.count }
        let train = full.filter { $0.split == .train }
        let validation = full.filter { $0.split == .validation }
        guard let first = validation.first, !train.isEmpty else { return nil }
        name = first.suite
        batch = RecordedBatch(validation, profiles: profiles)
        guard !batch.rows.isEmpty else { return nil }
        // The best single model by its scores in training; its spend as realised on the rows planned.
        let means = models.map { model in train.reduce(0) { $0 + ($1.outcomes[model]?.score ?? 0) } }
        guard let best = means.indices.max(by: { means[$0] < means[$1] }) else { return nil }
        bestSingleCost =
            batch.rows.reduce(0) { $0 + ($1.outcomes[models[best]]?.costUSD ?? 0) * 1e9 } / Double(batch.rows.count)
    }

    /// Mean score of the rule "the cheapest model whose predicted accuracy reaches a threshold, else the likeliest",
    /// at the threshold whose realised cost comes to `cost`, between the two nearest ones in a straight line.
    func thresholdScore(_ batch: RecordedBatch, at cost: Double) -> Double {
        var points: [BatchTotals] = []
        for step in 0...200 {
            let threshold = Double(step) / 200
            let choice = batch.options.map { row -> Int in
                let able = row.indices.filter { (row[$0]?.accuracy ?? -1) >= threshold }
                let cheapest = able.min { (row[$0]?.cost ?? 0) < (row[$1]?.cost ?? 0) }
                let likeliest = row.indices.max { (row[$0]?.accuracy ?? -1) < (row[$1]?.accuracy ?? -1) }
                return cheapest ?? likeliest ?? 0
            }
            points.append(batch.realised(choice))
        }
        let below = points.filter { $0.costUSD <= cost }.max { $0.costUSD < $1.costUSD }
        let above = points.filter { $0.costUSD >= cost }.min { $0.costUSD < $1.costUSD }
        guard let below else { return above?.accuracy ?? 0 }
        guard let above, above.costUSD > below.costUSD else { return below.accuracy }
        return below.accuracy
            + (above.accuracy - below.accuracy) * (cost - below.costUSD) / (above.costUSD - below.costUSD)
    }
}
