package import Core

/// The figures of every suite in the data, and how to print them.
package struct Evaluation: Sendable {
    package var outcomes: [OutcomeFigures] = []

    /// Replays all rows given, suite by suite.
    package init(
        outcomes rows: [OutcomeRow], profiles: ProfileSet, progress: (_ share: Double, _ stage: String) -> Void
    ) {
        let suites = Dictionary(grouping: rows, by: \.suite).sorted { $0.key < $1.key }
        var done = 0
        for (suite, rows) in suites {
            progress(Double(done) / Double(max(rows.count, 1)), suite)
            outcomes.append(OutcomeFigures(suite: suite, rows: rows, profiles: profiles))
            done += rows.count
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
            }
        }
        return writer.bytes
    }

    /// A table for people.
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
            for (dataset, apgr) in (suite.pair?.apgr ?? [:]).sorted(by: { $0.key < $1.key }) {
                rows.append(
                    ["  \(dataset)", "", "", "", "APGR " + Self.fixed(apgr, 3)]
                        + [String](repeating: "", count: rows[0].count - 5))
            }
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
