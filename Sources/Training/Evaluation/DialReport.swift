package import Domain
package import Estimation
import JSON
import Routing

/// The dial's curve on recorded rows: what each `max_loss` costs, keeps and chooses.
package struct DialReport: Sendable {
    /// The settings of the dial that a report lists.
    package static let settings: [Double] = [0, 0.0025, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1]

    /// One setting on one suite.
    package struct Point: Sendable {
        /// The setting of the dial, 0...1.
        package var maxLoss: Double
        /// Mean cost as a share of the best single model's; nil where that costs nothing.
        package var costShare: Double?
        /// Mean recorded score of the kept answers, 0...1.
        package var accuracy: Double
        /// 95 % interval of the accuracy (Wilson 1927).
        package var low: Double
        /// Upper end of that interval.
        package var high: Double
        /// Accuracy of the best single model less this one.
        package var loss: Double
        /// Share of the rows by the model of the kept answer.
        package var modelShares: [String: Double]
    }

    /// One suite's curve.
    package struct Suite: Sendable {
        /// The name of the suite.
        package var name: String
        /// Number of routed rows.
        package var rows: Int
        /// The best single model of these rows.
        package var best: String
        /// Its mean cost and accuracy.
        package var bestPoint: CostCurve.Point
        /// One point per setting, by ascending `max_loss`.
        package var points: [Point]
    }

    /// The curves, ordered by the name of the suite.
    package var suites: [Suite]

    /// Routes all rows at every setting by the live rule.
    ///
    /// - Parameters:
    ///   - policy: everything but `max_loss`.
    ///   - models: the models that may answer; nil for all that the rows record.
    package init(
        _ rows: [OutcomeRow], profiles: ProfileSet, policy: Policy = Policy(), models: Set<String>? = nil,
        progress: (_ share: Double, _ stage: String) -> Void = { _, _ in }
    ) {
        var kept = rows
        if let models {
            for index in kept.indices { kept[index].outcomes = kept[index].outcomes.filter { models.contains($0.key) } }
            kept.removeAll { $0.outcomes.isEmpty }
        }
        suites = []
        let bySuite = Dictionary(grouping: kept, by: \.suite).sorted { $0.key < $1.key }
        for (index, (name, rows)) in bySuite.enumerated() {
            progress(Double(index) / Double(max(bySuite.count, 1)), name)
            let replay = Replay(suite: name, rows: rows, profiles: profiles)
            let singles = SingleModels(replay)
            let best = singles.bestPoint
            let estimates = RecordedRouting(policy: policy, profiles: profiles).estimates(replay)
            let points = Self.settings.map { setting -> Point in
                var policy = policy
                policy.maxLoss = setting
                let figures = RecordedRouting(policy: policy, profiles: profiles).figures(replay, estimates: estimates)
                let interval = QualityInterval(
                    count: rows.count, sum: figures.point.accuracy * Double(rows.count))
                return Point(
                    maxLoss: setting, costShare: best.costUSD > 0 ? figures.point.costUSD / best.costUSD : nil,
                    accuracy: figures.point.accuracy, low: interval.low, high: interval.high,
                    loss: best.accuracy - figures.point.accuracy, modelShares: figures.modelShares)
            }
            suites.append(
                Suite(
                    name: name, rows: rows.count, best: replay.models.isEmpty ? "" : replay.models[singles.best],
                    bestPoint: best, points: points))
        }
    }

    /// `{"suites": [{suite, n, best_single, dial: [{max_loss, cost_share, accuracy, ...}]}]}`.
    package var json: [UInt8] {
        var writer = JSONWriter(capacity: 1 << 14)
        writer.object { json in
            json.member(
                "suites",
                array: { list in for suite in suites { list.object { Self.write(suite, to: &$0) } } })
        }
        return writer.bytes
    }

    private static func write(_ suite: Suite, to json: inout JSONWriter) {
        json.member("suite", suite.name)
        json.member("n", suite.rows)
        json.member(
            "best_single",
            object: { json in
                json.member("model", suite.best)
                json.member("accuracy", suite.bestPoint.accuracy)
                json.member("cost_usd", suite.bestPoint.costUSD)
            })
        json.member(
            "dial",
            array: { list in
                for point in suite.points {
                    list.object { json in
                        json.member("max_loss", point.maxLoss)
                        json.member("cost_share", point.costShare)
                        json.member("accuracy", point.accuracy)
                        json.member("low_95", point.low)
                        json.member("high_95", point.high)
                        json.member("loss", point.loss)
                        json.member(
                            "models",
                            object: { json in
                                for (model, share) in point.modelShares.sorted(by: { $0.key < $1.key }) {
                                    json.member(model, share)
                                }
                            })
                    }
                }
            })
    }

    /// A table for the terminal.
    package var table: String {
        var rows = [["suite", "max_loss", "cost share", "accuracy %", "95 %", "loss points", "models"]]
        for suite in suites {
            for (index, point) in suite.points.enumerated() {
                rows.append([
                    index == 0 ? suite.name : "", TextTable.fixed(point.maxLoss, 4),
                    point.costShare.map { TextTable.fixed($0, 3) } ?? "-", TextTable.fixed(point.accuracy * 100, 1),
                    "\(TextTable.fixed(point.low * 100, 1))-\(TextTable.fixed(point.high * 100, 1))",
                    TextTable.fixed(point.loss * 100, 1),
                    point.modelShares.sorted { ($0.value, $1.key) > ($1.value, $0.key) }.prefix(3)
                        .map { "\(TextTable.fixed($0.value * 100, 0)) % \($0.key)" }.joined(separator: ", "),
                ])
            }
            rows.append([
                "", "best", "1.000", TextTable.fixed(suite.bestPoint.accuracy * 100, 1), "", "0.0", suite.best,
            ])
        }
        return TextTable(rows).text
    }
}
