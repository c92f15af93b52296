package import Domain
import Optimization
import Routing

extension Decision {
    /// Cost against predicted quality of the step's candidates as a picture (SVG): dots on the line for those that no
    /// other beats in these two, crosses for the rest.
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
