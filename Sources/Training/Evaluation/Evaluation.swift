import Domain
package import Estimation
import JSON

/// The figures of every suite in the data, as JSON and as a table.
package struct Evaluation: Sendable {
    package var outcomes: [OutcomeFigures] = []
    package var runs: [RunFigures] = []

    /// Replays all rows by suite. Runs unknown to the profiles are skipped.
    ///
    /// - Parameter policy: routes the recorded answers by a policy, in addition to the curves.
    package init(
        outcomes rows: [OutcomeRow], traces: [TraceRow] = [], profiles: ProfileSet, routers: [BaselineRouter] = [],
        training: [OutcomeRow] = [], dayZero: DayZeroReplay? = nil, policy: ((Replay) -> RoutedFigures)? = nil,
        progress: (_ share: Double, _ stage: String) -> Void
    ) {
        let suites = Dictionary(grouping: rows, by: \.suite).sorted { $0.key < $1.key }
        let total = rows.count
        var done = 0
        for (suite, rows) in suites {
            progress(0.9 * Double(done) / Double(max(total, 1)), suite)
            outcomes.append(
                OutcomeFigures(
                    suite: suite, rows: rows, profiles: profiles, routers: routers,
                    training: training.filter { $0.suite == suite }, dayZero: dayZero, policy: policy))
            done += rows.count
        }
        for (suite, traces) in Dictionary(grouping: traces, by: \.suite).sorted(by: { $0.key < $1.key }) {
            progress(0.9, suite)
            if let figures = RunFigures(suite: suite, runs: traces, profiles: profiles) { runs.append(figures) }
        }
        progress(1, "done")
    }

    /// The evaluation contract's JSON.
    package var json: [UInt8] {
        var writer = JSONWriter(capacity: 1 << 16)
        writer.object { json in
            json.key("suites")
            json.array { json in
                for figures in outcomes { figures.write(to: &json) }
                for figures in runs { figures.write(to: &json) }
            }
        }
        return writer.bytes
    }

    /// A table for the terminal.
    package var table: String {
        var rows = [
            [
                "suite", "rows", "AUC", "ECE", "best single", "acc %", "aiq %", "at 25 %", "at 50 %", "cost ratio",
                "us p50", "p99",
            ]
        ]
        for suite in outcomes {
            rows.append(
                [
                    suite.suite, "\(suite.rows)", Self.fixed(suite.meanAUC, 3), Self.fixed(suite.calibrationError, 3),
                    suite.bestSingle, Self.percent(suite.bestSinglePoint.accuracy),
                ] + Self.columns(suite.routing) + [Self.fixed(suite.decisionP50, 0), Self.fixed(suite.decisionP99, 0)])
            if let cascade = suite.cascade {
                rows.append(["  cascade", "", "", "", "", ""] + Self.columns(cascade) + ["", ""])
            }
            if let day = suite.dayZero {
                rows.append(
                    [
                        "  as new: \(day.knowledge)", "\(day.models.count) models", Self.fixed(day.auc, 3),
                        Self.fixed(day.calibrationError, 3), "base rates off \(Self.percent(day.baseRateError))", "",
                        Self.percent(day.aiq),
                    ] + [String](repeating: "", count: 5))
            }
            for (name, point) in [("  policy", suite.routed?.point), ("  its reference", suite.routed?.reference)] {
                guard let point else { continue }
                rows.append(
                    [name, "", "", "", "", Self.percent(point.accuracy)] + [String](repeating: "", count: 3) + [
                        Self.fixed(point.costUSD / suite.bestSinglePoint.costUSD, 3), "", "",
                    ])
            }
            for (name, figures) in suite.baselines {
                rows.append(["  " + name, "", "", "", "", ""] + Self.columns(figures) + ["", ""])
            }
            for (dataset, apgr) in (suite.pair?.apgr ?? [:]).sorted(by: { $0.key < $1.key }) {
                rows.append(
                    ["  \(dataset)", "", "", "", "APGR " + Self.fixed(apgr, 3)]
                        + [String](repeating: "", count: rows[0].count - 5))
            }
        }
        var parts = outcomes.isEmpty ? [] : [TextTable(rows).text]
        if !runs.isEmpty { parts.append(runTable) }
        return parts.joined(separator: "\n\n")
    }

    private var runTable: String {
        var rows = [
            [
                "runs", "tasks", "AUC start", "after 1", "after 2", "URC AUC", "distance acc", "blind", "majority",
                "SSE AUC", "best single %",
                "success max %", "at 25 %", "at 50 %", "cost ratio", "SLM share",
            ]
        ]
        for suite in runs {
            rows.append(
                [suite.suite, "\(suite.tasks)"] + (0...2).map { Self.fixed(suite.successAUC[$0].mean, 3) } + [
                    Self.fixed(suite.similarityAUC, 3), Self.fixed(suite.outputs.distanceAccuracy, 3),
                    Self.fixed(suite.outputs.blindDistanceAccuracy, 3),
                    Self.fixed(suite.outputs.distanceMajority, 3), Self.fixed(suite.outputs.similarityAUC, 3),
                    Self.percent(suite.bestSingle.accuracy), Self.percent(suite.policy.successMax),
                    Self.percent(suite.policy.successAtQuarter), Self.percent(suite.policy.successAtHalf),
                    suite.policy.costRatioAtBestSingle.map { Self.fixed($0, 3) } ?? "never",
                    Self.fixed(suite.policy.cheapShare, 2),
                ])
        }
        return TextTable(rows).text
    }

    private static func columns(_ figures: CurveFigures) -> [String] {
        [
            percent(figures.aiq), percent(figures.accuracyAtQuarter), percent(figures.accuracyAtHalf),
            figures.costRatioAtBestSingle.map { fixed($0, 3) } ?? "never",
        ]
    }

    private static func percent(_ value: Double) -> String { fixed(value * 100, 1) }

    private static func fixed(_ value: Double, _ digits: Int) -> String { TextTable.fixed(value, digits) }
}
