package import Estimation

/// The dial on every suite as one SVG: cost share against accuracy, a point per `max_loss`. Legible on light and dark
/// pages.
package struct DialPlot: Sendable {
    private let suites: [DialReport.Suite]
    private let width = 340.0
    private let height = 230.0
    private let margin = 46.0
    private let columns = 2

    package init(_ report: DialReport) {
        suites = report.suites.filter { suite in suite.points.contains { $0.costShare != nil } }
    }

    /// Writes the picture to a file.
    /// - Throws: `EstimationError.unwritable`.
    package func write(to path: String) throws(EstimationError) {
        try ProfileFile.write(Array(svg.utf8), to: path)
    }

    /// The picture as SVG.
    package var svg: String {
        let rows = (suites.count + columns - 1) / columns
        let panels = suites.enumerated().map { index, suite in
            panel(suite, left: Double(index % columns) * width, top: Double(index / columns) * height)
        }.joined()
        return """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(number(width * Double(columns))) \
            \(number(height * Double(max(rows, 1))))" font-family="system-ui, sans-serif" font-size="11">
            <style>
            :root { color-scheme: light dark }
            text { fill: #222 } .axis { stroke: #888; fill: none } .best { stroke: #888; stroke-dasharray: 4 3 }
            .dial { stroke: #0b62c4; fill: none; stroke-width: 2 } .point { fill: #0b62c4 } .standard { fill: #c2410c }
            @media (prefers-color-scheme: dark) {
            text { fill: #ddd } .dial { stroke: #6cb2ff } .point { fill: #6cb2ff } .standard { fill: #ff9d5c } }
            </style>
            \(panels)</svg>

            """
    }

    private func panel(_ suite: DialReport.Suite, left: Double, top: Double) -> String {
        let best = suite.bestPoint.accuracy
        let points = suite.points.compactMap { point in point.costShare.map { (point, $0) } }
        let greatest = max(1, points.map(\.1).max() ?? 1)
        let low = (points.map(\.0.accuracy) + [best]).min().map { $0 - 0.01 } ?? 0
        let high = (points.map(\.0.accuracy) + [best]).max().map { $0 + 0.01 } ?? 1
        func x(_ share: Double) -> Double { left + margin + share / greatest * (width - margin - 14) }
        func y(_ accuracy: Double) -> Double {
            top + height - margin - (accuracy - low) / max(high - low, 1e-9) * (height - margin - 34)
        }
        let bottom = top + height - margin
        var text = """
            <text x="\(number(left + margin))" y="\(number(top + 20))" font-weight="bold">\(SVG.escaped(suite.name))</text>
            <path class="axis" d="M\(number(left + margin)) \(number(top + 30))V\(number(bottom))H\(number(left + width - 14))"/>
            <path class="best" d="M\(number(left + margin)) \(number(y(best)))H\(number(left + width - 14))"/>
            <text x="\(number(left + width - 14))" y="\(number(y(best) - 4))" text-anchor="end" font-size="9">\
            best single model, \(TextTable.fixed(best * 100, 1)) %</text>
            <text x="\(number(left + 4))" y="\(number(top + 36))">\(TextTable.fixed(high * 100, 0)) %</text>
            <text x="\(number(left + 4))" y="\(number(bottom))">\(TextTable.fixed(low * 100, 0)) %</text>
            <text x="\(number(left + width - 14))" y="\(number(bottom + 14))" text-anchor="end">\
            cost, \(TextTable.fixed(greatest * 100, 0)) % of the best single model's</text>

            """
        let path = points.sorted { $0.1 < $1.1 }.map { "\(number(x($0.1))) \(number(y($0.0.accuracy)))" }
        if !path.isEmpty { text += "<path class=\"dial\" d=\"M\(path.joined(separator: "L"))\"/>\n" }
        for (point, share) in points {
            let isStandard = point.maxLoss == 0.01
            text += """
                <circle class="\(isStandard ? "standard" : "point")" cx="\(number(x(share)))" \
                cy="\(number(y(point.accuracy)))" r="\(isStandard ? 5 : 3)"><title>max_loss \
                \(TextTable.fixed(point.maxLoss, 4))</title></circle>

                """
            if isStandard {
                text +=
                    "<text x=\"\(number(x(share) + 7))\" y=\"\(number(y(point.accuracy) + 13))\">max_loss 0.01</text>\n"
            }
        }
        return text
    }

    private func number(_ value: Double) -> String { TextTable.fixed(value, 1) }
}
