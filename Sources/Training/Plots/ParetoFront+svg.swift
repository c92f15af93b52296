package import Domain
package import Optimization
import Routing

extension ParetoFront {
    /// The front as SVG: cost in cents on the x axis, mean accuracy in per cent on the y axis, one dot per plan.
    ///
    /// Colours follow the reader's light or dark background.
    /// - Parameters:
    ///   - names: labels in the order of `points`; empty for none.
    ///   - single: further plans for comparison with their labels, such as every model alone; drawn as crosses.
    package func svg(
        title: String, names: [String] = [], single: [(name: String, totals: AssignmentTotals)] = []
    ) -> String {
        let all = points.map(\.totals) + single.map(\.totals)
        let across = Axis(values: all.map { $0.cost / 1e7 }, from: 70, to: 600)
        let up = Axis(values: all.map { $0.meanAccuracy * 100 }, from: 360, to: 50)
        var parts = [
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 640 420\" font-family=\"sans-serif\" font-size=\"12\">",
            Self.style, "<rect class=\"paper\" width=\"640\" height=\"420\"/>",
            "<text x=\"70\" y=\"28\" font-size=\"15\">\(SVG.escaped(title))</text>",
        ]
        for tick in across.ticks {
            let x = across.place(tick)
            parts.append("<path class=\"grid\" d=\"M\(x) 50V360\"/>")
            parts.append("<text x=\"\(x)\" y=\"378\" text-anchor=\"middle\">\(Self.short(tick))</text>")
        }
        for tick in up.ticks {
            let y = up.place(tick)
            parts.append("<path class=\"grid\" d=\"M70 \(y)H600\"/>")
            parts.append("<text x=\"62\" y=\"\(y + 4)\" text-anchor=\"end\">\(Self.short(tick))</text>")
        }
        parts.append("<text x=\"335\" y=\"404\" text-anchor=\"middle\">cost, cents</text>")
        parts.append(
            "<text x=\"16\" y=\"205\" transform=\"rotate(-90 16 205)\" text-anchor=\"middle\">accuracy, %</text>")
        let places = points.map { point in
            (across.place(point.totals.cost / 1e7), up.place(point.totals.meanAccuracy * 100))
        }
        let line = places.map { "\($0.0),\($0.1)" }.joined(separator: " ")
        parts.append("<polyline class=\"front\" points=\"\(line)\" fill=\"none\"/>")
        for (x, y) in places { parts.append("<circle class=\"plan\" cx=\"\(x)\" cy=\"\(y)\" r=\"2.5\"/>") }
        var labels = Labels()
        for (place, name) in zip(places, names) { parts += labels.add(name, at: place, style: "plan") }
        for (name, totals) in single {
            let x = across.place(totals.cost / 1e7)
            let y = up.place(totals.meanAccuracy * 100)
            parts.append("<path class=\"cross\" d=\"M\(x - 4) \(y - 4)l8 8m0 -8l-8 8\"/>")
            parts += labels.add(name, at: (x, y), style: "other")
        }
        parts.append("</svg>")
        return parts.joined(separator: "\n") + "\n"
    }

    /// Contrast of at least 4.5 to 1 for all text, on white and on near-black.
    private static let style = """
        <style>
        text{fill:#333}.paper{fill:#fff}.grid{stroke:#e3e3e3}.front{stroke:#7aa6c2}.plan{fill:#005a80}
        .cross{stroke:#b02a00;stroke-width:1.5}.other{fill:#b02a00}
        @media(prefers-color-scheme:dark){text{fill:#ddd}.paper{fill:#161616}.grid{stroke:#333}
        .front{stroke:#4a7891}.plan{fill:#7cc7ee}.cross{stroke:#ff9a73}.other{fill:#ff9a73}}
        </style>
        """

    /// Places labels next to their points, on the side with enough space.
    ///
    /// A label that overlaps another one is shifted vertically, or omitted where that is not enough.
    private struct Labels {
        private var taken: [(x: ClosedRange<Double>, y: Double)] = []

        mutating func add(_ name: String, at place: (Double, Double), style: String) -> [String] {
            let width = 6.2 * Double(name.count)
            let isRight = place.0 + 8 + width > 636
            let left = isRight ? place.0 - 8 - width : place.0 + 8
            let span = left...(left + width)
            for shift in [0.0, -12, 12, -24, 24] {
                let y = place.1 + 4 + shift
                guard (46.0...372).contains(y), !taken.contains(where: { $0.x.overlaps(span) && abs($0.y - y) < 12 })
                else {
                    continue
                }
                taken.append((span, y))
                let anchor = isRight ? "end" : "start"
                let x = isRight ? place.0 - 8 : place.0 + 8
                return [
                    "<text class=\"\(style)\" x=\"\(x)\" y=\"\(y)\" text-anchor=\"\(anchor)\">\(SVG.escaped(name))</text>"
                ]
            }
            return []
        }
    }

    /// A linear scale from values to positions in the picture.
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
}

extension Decision {
    /// Cost against predicted quality of the step's candidates as SVG: dots for the Pareto front, crosses for the rest.
    package var picture: String {
        let able = candidates.filter { $0.rejection == nil }
        let points = able.map { candidate in
            AssignmentTotals(
                cost: candidate.option.cost, energy: 0, latency: 0, meanAccuracy: candidate.option.accuracy)
        }
        let isOnFront = able.indices.map { index in
            !points.contains {
                $0.cost <= points[index].cost && $0.meanAccuracy >= points[index].meanAccuracy && $0 != points[index]
            }
        }
        let order = able.indices.filter { isOnFront[$0] }.sorted { points[$0].cost < points[$1].cost }
        let front = ParetoFront(points: order.map { .init(choice: [$0], totals: points[$0]) }, isComplete: true)
        return front.svg(
            title: "Cost and predicted quality of this step, by model", names: order.map { able[$0].model.rawValue },
            single: able.indices.filter { !isOnFront[$0] }.map { (able[$0].model.rawValue, points[$0]) })
    }
}
