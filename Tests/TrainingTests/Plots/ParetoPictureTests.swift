import Foundation
import Optimization
import Testing

@testable import Training

@Suite("The picture of a front")
struct ParetoPictureTests {
    @Test("it has a dot a plan, a cross a single model, and names that cannot break it")
    func picture() {
        let totals = [(1e7, 0.5), (2e7, 0.75), (5e7, 0.875)].map {
            AssignmentTotals(cost: $0, energy: 0, latency: 0, meanAccuracy: $1)
        }
        let front = ParetoFront(points: totals.map { .init(choice: [0], totals: $0) }, isComplete: true)
        let svg = front.svg(title: "a < b & c", single: [("\"big\"", totals[2])])
        #expect(svg.components(separatedBy: "<circle").count == 4)
        #expect(svg.contains("a &lt; b &amp; c"))
        #expect(svg.contains("&quot;big&quot;"))
        // Least cost at the left edge, greatest accuracy at the top.
        #expect(svg.contains("<circle class=\"plan\" cx=\"70.0\" cy=\"360.0\""))
        #expect(svg.contains("<circle class=\"plan\" cx=\"600.0\" cy=\"50.0\""))
    }
}
