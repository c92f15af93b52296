import Domain
import JSON

/// The result of a policy on one suite's recorded rows through the live rule, with each answer paid.
package struct RoutedFigures: Sendable {
    /// Mean realised cost and score per row, including answers that were paid and not kept. Rows refused by the policy
    /// count as zero cost and score.
    package var point: CostCurve.Point
    /// The same rows on the rule's reference model.
    package var reference: CostCurve.Point
    /// Share of the rows by the model of the kept answer.
    package var modelShares: [String: Double]
    /// Share of the rows by the deciding stage.
    package var stageShares: [String: Double]
    /// Paid answers per row.
    package var meanCalls: Double
    /// Rows for which the policy's limits allow no model.
    package var refused: Int
    /// The reason of the first refusal.
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
