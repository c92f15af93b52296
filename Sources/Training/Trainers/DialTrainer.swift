import Domain
package import Estimation
import Routing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Fits the dial (`max_loss`) of every suite of answers.
///
/// Every validation row is routed by the live rule at many prices of lost quality. The recorded outcomes give the loss
/// against the best single model of these rows. A decreasing curve through these losses gives the price that keeps a
/// loss.
package struct DialTrainer {
    package init() {}

    /// The prices that are tried, in usual calls of the kind's best model.
    static let multiples: [Double] = (0..<22).map { exp(log(0.7) + Double($0) * log(1500 / 0.7) / 21) }
    /// The losses that a fitted curve lists.
    static let losses: [Double] = [0.0025, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.03, 0.05, 0.08, 0.12, 0.2]
    /// With fewer validation rows than this, a kind has no curve.
    static let leastRows = 100

    /// One price with its outcome.
    struct Point: Sendable {
        var multiple: Double
        var loss: Double
        var costShare: Double
    }

    /// The dial of a set from recorded rows: usual costs from the rows of split train, curves from validation.
    package func fit(_ set: ProfileSet, outcomes: [OutcomeRow], progress: (_ suite: String) -> Void) -> DialProfile {
        var set = set
        let bySuite = Dictionary(grouping: outcomes, by: \.suite)
        set.dial = DialProfile(
            kinds: set.panels.compactMap { panel in
                bySuite[panel.name].map { Self.usual($0.filter { $0.split == .train }, panel) }
            })
        for index in set.dial.kinds.indices {
            let name = set.dial.kinds[index].name
            let rows = (bySuite[name] ?? []).filter { $0.split == .validation }
            guard rows.count >= Self.leastRows else { continue }
            progress(name)
            let replay = Replay(suite: name, rows: rows, profiles: set)
            let tested = Self.prices(curve(replay, set, policy: Policy()))
            let untested = Self.prices(curve(replay, set, policy: Policy(verify: .off)))
            set.dial.kinds[index].losses = Self.losses.map { Float($0) }
            set.dial.kinds[index].multiples = tested.map { Float($0) }
            set.dial.kinds[index].untested = untested.map { Float($0) }
        }
        return set.dial
    }

    /// A kind without a curve: the mean recorded cost of each model.
    private static func usual(_ rows: [OutcomeRow], _ panel: PanelProfile) -> DialProfile.Kind {
        var models: [String] = []
        var costs: [Float] = []
        for model in panel.models {
            let known = rows.compactMap { $0.outcomes[model]?.costUSD }
            if known.isEmpty { continue }
            models.append(model)
            costs.append(Float(known.reduce(0, +) / Double(known.count)))
        }
        return DialProfile.Kind(name: panel.name, losses: [], multiples: [], models: models, usualUSD: costs)
    }

    /// Loss and cost at every price, by the live rule.
    func curve(_ replay: Replay, _ set: ProfileSet, policy: Policy) -> [Point] {
        let routing = RecordedRouting(policy: policy, profiles: set)
        let estimates = routing.estimates(replay)
        let best = SingleModels(replay).bestPoint
        return Self.multiples.map { multiple in
            let priced = estimates.map { RepricedEstimates(base: $0, price: LossPrice(multiple: multiple)) }
            let figures = routing.figures(replay, estimates: priced)
            return Point(
                multiple: multiple, loss: best.accuracy - figures.point.accuracy,
                costShare: best.costUSD > 0 ? figures.point.costUSD / best.costUSD : 0)
        }
    }

    /// The least price that keeps each loss of the list, on the decreasing curve nearest to the points.
    static func prices(_ points: [Point]) -> [Double] {
        let smooth = decreasing(points.map(\.loss))
        return losses.map { loss in
            guard let reached = smooth.firstIndex(where: { $0 <= loss }) else {
                return points.last?.multiple ?? LossPrice.standard
            }
            guard reached > 0, smooth[reached - 1] > smooth[reached] else { return points[reached].multiple }
            let share = (smooth[reached - 1] - loss) / (smooth[reached - 1] - smooth[reached])
            let from = log(points[reached - 1].multiple)
            return exp(from + share * (log(points[reached].multiple) - from))
        }
    }

    /// The decreasing sequence of least squares (pool adjacent violators; Ayer 1955).
    static func decreasing(_ values: [Double]) -> [Double] {
        var blocks: [(sum: Double, count: Int)] = []
        for value in values {
            blocks.append((value, 1))
            while blocks.count > 1 {
                let last = blocks[blocks.count - 1]
                let before = blocks[blocks.count - 2]
                guard before.sum / Double(before.count) < last.sum / Double(last.count) else { break }
                blocks.removeLast(2)
                blocks.append((before.sum + last.sum, before.count + last.count))
            }
        }
        return blocks.flatMap { [Double](repeating: $0.sum / Double($0.count), count: $0.count) }
    }
}
