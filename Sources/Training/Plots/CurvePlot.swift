package import Estimation

/// Cost against accuracy of every suite as one SVG, legible on light and dark pages.
package struct CurvePlot: Sendable {
    private let suites: [OutcomeFigures]
    private let width = 640.0
    private let height = 360.0
    private let margin = 56.0

    package init(_ suites: [OutcomeFigures]) { self.suites = suites }

    /// Writes the picture to a file.
    /// - Throws: `EstimationError.unwritable`.
    package func write(to path: String) throws(EstimationError) {
        try ProfileFile.write(Array(svg.utf8), to: path)
    }

    package var svg: String {
        let total = Double(max(suites.count, 1)) * (height + 24)
        let panels = suites.enumerated().map { panel($1, top: Double($0) * (height + 24)) }.joined()
        return """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(number(width)) \(number(total))" \
            font-family="system-ui, sans-serif" font-size="12">
            <style>
            :root { color-scheme: light dark }
            text { fill: #222 } .axis { stroke: #888; fill: none } .single { fill: #888 }
            .routing { stroke: #0b62c4; fill: none; stroke-width: 2 } .cascade { stroke: #c2410c; fill: none; stroke-width: 2 }
            .routing-text { fill: #0b62c4 } .cascade-text { fill: #c2410c }
            @media (prefers-color-scheme: dark) {
            text { fill: #ddd } .single { fill: #aaa } .routing { stroke: #6cb2ff } .cascade { stroke: #ff9d5c }
            .routing-text { fill: #6cb2ff } .cascade-text { fill: #ff9d5c } }
            </style>
            \(panels)</svg>

            """
    }

    private func panel(_ figures: OutcomeFigures, top: Double) -> String {
        let singles = zip(figures.models, figures.singles).compactMap { name, point in point.map { (name, $0) } }
        let curves = [figures.routing.curve.frontier] + (figures.cascade.map { [$0.curve.frontier] } ?? [])
        let points = singles.map(\.1) + curves.flatMap(\.points)
        let greatestCost = max(points.map(\.costUSD).max() ?? 1, 1e-12)
        let low = (points.map(\.accuracy).min() ?? 0) - 0.02
        let high = min(1, (points.map(\.accuracy).max() ?? 1) + 0.02)
        func place(_ point: CostCurve.Point) -> (x: Double, y: Double) {
            (
                margin + point.costUSD / greatestCost * (width - 2 * margin),
                top + height - margin - (point.accuracy - low) / max(high - low, 1e-9) * (height - 2 * margin)
            )
        }
        var text = """
            <text x="\(number(margin))" y="\(number(top + 24))" font-weight="bold">\(SVG.escaped(figures.suite))</text>
            <text class="routing-text" x="\(number(width - 220))" y="\(number(top + 24))">routing</text>
            <path class="axis" d="M\(number(margin)) \(number(top + margin))V\(number(top + height - margin))\
            H\(number(width - margin))"/>
            <text x="4" y="\(number(top + margin))">\(TextTable.fixed(high * 100, 0)) %</text>
            <text x="4" y="\(number(top + height - margin))">\(TextTable.fixed(low * 100, 0)) %</text>
            <text x="\(number(width - margin - 150))" y="\(number(top + height - margin + 32))">\
            $\(TextTable.fixed(greatestCost * 1000, 3)) per 1000 queries</text>

            """
        if figures.cascade != nil {
            text +=
                "<text class=\"cascade-text\" x=\"\(number(width - 160))\" y=\"\(number(top + 24))\">cascade</text>\n"
        }
        for (curve, name) in zip(curves, ["routing", "cascade"]) {
            let path = curve.points.map { place($0) }.map { "\(number($0.x)) \(number($0.y))" }.joined(separator: "L")
            text += "<path class=\"\(name)\" d=\"M\(path)\"/>\n"
        }
        for (name, point) in singles {
            let at = place(point)
            text +=
                "<circle class=\"single\" cx=\"\(number(at.x))\" cy=\"\(number(at.y))\" r=\"4\">"
                + "<title>\(SVG.escaped(name))</title></circle>\n"
                + "<text x=\"\(number(at.x + 6))\" y=\"\(number(at.y + 4))\" font-size=\"9\">\(SVG.escaped(name))</text>\n"
        }
        return text
    }

    private func number(_ value: Double) -> String { TextTable.fixed(value, 1) }
}

/// Shared helpers of the SVG plots.
enum SVG {
    /// Text with the markup characters of XML escaped.
    static func escaped(_ text: String) -> String {
        text.reduce(into: "") { result, character in
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            default: result.append(character)
            }
        }
    }
}
