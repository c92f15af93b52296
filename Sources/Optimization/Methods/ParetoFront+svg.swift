extension ParetoFront {
    /// The front as a picture (SVG): cost in cents to the right, mean accuracy in per cent upwards, one dot a plan.
    ///
    /// - Parameters:
    ///   - single: further plans to compare with, such as every model alone, with their names; drawn as crosses.
    package func svg(title: String, single: [(name: String, totals: AssignmentTotals)] = []) -> String {
        let all = points.map(\.totals) + single.map(\.totals)
        let costs = all.map { $0.cost / 1e7 }
        let accuracies = all.map { $0.meanAccuracy * 100 }
        let across = Axis(values: costs, from: 70, to: 620)
        let up = Axis(values: accuracies, from: 360, to: 50)
        var parts = [
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 640 420\" font-family=\"sans-serif\" font-size=\"12\">",
            "<rect width=\"640\" height=\"420\" fill=\"#fff\"/>",
            "<text x=\"70\" y=\"28\" font-size=\"15\">\(Self.escaped(title))</text>",
        ]
        for tick in across.ticks {
            let x = across.place(tick)
            parts.append("<path d=\"M\(x) 50V360\" stroke=\"#eee\"/>")
            parts.append("<text x=\"\(x)\" y=\"378\" text-anchor=\"middle\">\(Self.short(tick))</text>")
        }
        for tick in up.ticks {
            let y = up.place(tick)
            parts.append("<path d=\"M70 \(y)H620\" stroke=\"#eee\"/>")
            parts.append("<text x=\"62\" y=\"\(y + 4)\" text-anchor=\"end\">\(Self.short(tick))</text>")
        }
        parts.append("<text x=\"345\" y=\"404\" text-anchor=\"middle\">cost, cents</text>")
        parts.append(
            "<text x=\"16\" y=\"205\" transform=\"rotate(-90 16 205)\" text-anchor=\"middle\">accuracy, %</text>")
        let places = points.map { point in
            (across.place(point.totals.cost / 1e7), up.place(point.totals.meanAccuracy * 100))
        }
        let line = places.map { "\($0.0),\($0.1)" }.joined(separator: " ")
        parts.append("<polyline points=\"\(line)\" fill=\"none\" stroke=\"#9bc\"/>")
        for (x, y) in places { parts.append("<circle cx=\"\(x)\" cy=\"\(y)\" r=\"2.5\" fill=\"#057\"/>") }
        for (name, totals) in single {
            let x = across.place(totals.cost / 1e7)
            let y = up.place(totals.meanAccuracy * 100)
            parts.append("<path d=\"M\(x - 4) \(y - 4)l8 8m0 -8l-8 8\" stroke=\"#c30\" stroke-width=\"1.5\"/>")
            parts.append("<text x=\"\(x + 7)\" y=\"\(y + 4)\" fill=\"#c30\">\(Self.escaped(name))</text>")
        }
        parts.append("</svg>")
        return parts.joined(separator: "\n") + "\n"
    }

    /// A linear scale from values to places in the picture.
    private struct Axis {
        var least: Double
        var span: Double
        var from: Double
        var to: Double

        init(values: [Double], from: Double, to: Double) {
            least = values.min() ?? 0
            let spread = (values.max() ?? 1) - least
            span = spread > 0 ? spread : 1
            self.from = from
            self.to = to
        }

        func place(_ value: Double) -> Double {
            ((from + (value - least) / span * (to - from)) * 10).rounded() / 10
        }

        /// About six round numbers along the scale.
        var ticks: [Double] {
            var step = 1.0
            while step > span / 5 { step /= 10 }
            while step * 10 <= span / 5 { step *= 10 }
            for factor in [5.0, 2.0] where step * factor <= span / 4 {
                step *= factor
                break
            }
            var ticks: [Double] = []
            var value = (least / step).rounded(.up) * step
            while value <= least + span * (1 + 1e-9) {
                ticks.append(value)
                value += step
            }
            return ticks
        }
    }

    private static func short(_ value: Double) -> String {
        let rounded = (value * 1e6).rounded() / 1e6
        return rounded == rounded.rounded() && abs(rounded) < 1e15 ? "\(Int(rounded))" : "\(rounded)"
    }

    private static func escaped(_ text: String) -> String {
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
