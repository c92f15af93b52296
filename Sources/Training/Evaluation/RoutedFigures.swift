import Domain
import JSON

/// What a policy made of one suite's recorded rows through the rule that serves: realised figures, each answer paid.
package struct RoutedFigures: Sendable {
    /// Mean realised cost and score of a row, answers that were paid and not kept included. Rows that the policy refused
    /// cost and score nothing.
    package var point: CostCurve.Point
    /// The same rows, each on the model that the rule compared the others with.
    package var reference: CostCurve.Point
    /// Share of the rows by the model whose answer was kept.
    package var modelShares: [String: Double]
    /// Share of the rows by the stage that decided.
    package var stageShares: [String: Double]
    /// Answers paid, per row.
    package var meanCalls: Double
    /// Rows that the policy's limits let nobody answer.
    package var refused: Int
    /// Why the first of them was refused, in words.
    package var refusal: String?

    package init(
        point: CostCurve.Point, reference: CostCurve.Point, modelShares: [String: Double],
        stageShares: [String: Double], meanCalls: Double, refused: Int, refusal: String? = nil
    ) {
        self.point = point
        self.reference = reference
        self.modelShares = modelShares
        self.stageShares = stageShares
        self.meanCalls = meanCalls
        self.refused = refused
        self.refusal = refusal
    }

    func writeMembers(to json: inout JSONWriter) {
        json.member("cost_usd", point.costUSD)
        json.member("accuracy", point.accuracy)
        json.member(
            "reference",
            object: { json in
                json.member("cost_usd", reference.costUSD)
                json.member("accuracy", reference.accuracy)
            })
        for (name, shares) in [("models", modelShares), ("stages", stageShares)] {
            json.member(
                name,
                object: { json in
                    for (key, share) in shares.sorted(by: { $0.key < $1.key }) { json.member(key, share) }
                })
        }
        json.member("calls", meanCalls)
        json.member("refused", refused)
    }
}
