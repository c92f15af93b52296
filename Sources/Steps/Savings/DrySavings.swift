package import Domain
import JSON
package import Routing

/// What adopting hera would save and lose, from dry runs of calls that were made without it.
///
/// Costs of the calls that were made are true. Costs of the chosen models are those of the same tokens, corrected by the
/// trials, whose true costs are known.
package struct DrySavings: Sendable {
    /// Calls of one model.
    package struct Sums: Hashable, Sendable {
        /// Calls that were made.
        package var asked = 0
        /// Calls for which the policy chose the model.
        package var chosen = 0
    }

    /// Calls with a dry run.
    package private(set) var calls = 0
    /// Calls for which the policy chose another model than the one that was asked.
    package private(set) var moved = 0
    /// Moved calls that were also sent to the chosen model.
    package private(set) var trials = 0
    /// True cost of all calls.
    package private(set) var cost = Money.zero
    package private(set) var models: [ModelID: Sums] = [:]
    /// True cost of the calls that were not moved, in USD.
    private var keptUSD = 0.0
    /// The moved calls' tokens at the prices of the chosen models, in USD.
    private var movedUSD = 0.0
    private var agreement = 0.0
    /// Over trials: true cost, cost of the same tokens, and their squares and product.
    private var (trial, same) = (0.0, 0.0)
    private var (trialSquare, sameSquare, product) = (0.0, 0.0, 0.0)

    package init() {}

    package mutating func add(_ run: DryRun) throws(MoneyError) {
        cost = try cost.adding(run.cost)
        calls += 1
        models[run.asked, default: Sums()].asked += 1
        models[run.chosen, default: Sums()].chosen += 1
        guard run.chosen != run.asked else {
            keptUSD += run.cost.usd
            return
        }
        moved += 1
        movedUSD += run.chosenCost.usd
        guard let found = run.trial else { return }
        trials += 1
        agreement += found.agreement
        let (paid, predicted) = (found.cost.usd, run.chosenCost.usd)
        trial += paid
        same += predicted
        trialSquare += paid * paid
        sameSquare += predicted * predicted
        product += paid * predicted
    }

    /// True cost over that of the same tokens; 1 without trials.
    private var ratio: Double { same > 0 ? trial / same : 1 }

    /// Saved share of the cost; nil where nothing cost anything.
    package var savedShare: Double? { cost > .zero ? 1 - (keptUSD + movedUSD * ratio) / cost.usd : nil }

    /// The saved share with its 95 % interval by the ratio estimator's variance; nil below ten trials.
    package var savedInterval: ClosedRange<Double>? {
        guard let savedShare, trials >= Self.leastTrials, same > 0 else { return nil }
        let n = Double(trials)
        let squares = trialSquare - 2 * ratio * product + ratio * ratio * sameSquare
        let deviation = (max(squares, 0) * n / (n - 1)).squareRoot() / same
        let half = QualityEstimate.z * deviation * movedUSD / cost.usd
        return savedShare - half...savedShare + half
    }

    /// Least trials for an interval of the cost.
    package static let leastTrials = 10

    /// Share of the moved calls whose answers agree with those that were given, with its 95 % interval.
    package var agreementInterval: QualityInterval { QualityInterval(count: trials, sum: agreement) }

    /// Share of all calls whose answer would be another one, with its 95 % interval: an upper bound of the loss where
    /// the given answers are right.
    package var changed: (mean: Double, low: Double, high: Double) {
        let share = calls > 0 ? Double(moved) / Double(calls) : 0
        let found = agreementInterval
        return (share * (1 - found.mean), share * (1 - found.high), share * (1 - found.low))
    }

    /// The report as a JSON object.
    package var json: [UInt8] {
        var writer = JSONWriter()
        writer.object { json in
            json.member("calls", calls)
            json.member("moved", moved)
            json.member("trials", trials)
            json.member("cost_usd", cost.usd)
            json.member("saved_share", savedShare)
            json.member("saved_share_low_95", savedInterval?.lowerBound)
            json.member("saved_share_high_95", savedInterval?.upperBound)
            let (agreement, changed) = (agreementInterval, changed)
            json.member("agreement", trials > 0 ? agreement.mean : nil)
            json.member("agreement_low_95", agreement.low)
            json.member("agreement_high_95", agreement.high)
            json.member("changed_share", trials > 0 ? changed.mean : nil)
            json.member("changed_share_low_95", changed.low)
            json.member("changed_share_high_95", changed.high)
            json.member(
                "models",
                object: { json in
                    for (model, sums) in models.sorted(by: { $0.key < $1.key }) {
                        json.member(
                            model.rawValue,
                            object: {
                                $0.member("asked", sums.asked)
                                $0.member("chosen", sums.chosen)
                            })
                    }
                })
        }
        return writer.bytes
    }
}
