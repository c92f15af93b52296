package import Core

/// HERA's sequential rule for one step: URC, then SSE for each candidate in the plan's order, then the reference.
///
/// A pure function of its arguments. SLM of the paper is any candidate, LLM the reference (docs/method.md).
package struct SequentialRule: Sendable {
    /// The candidates in the plan's order; the reference among them where it can be called.
    package var order: [Candidate]
    /// The model with the best predicted quality; may be missing from `order` where it does not fit the limits.
    package var reference: Candidate
    package var position: Int
    package var kappa: Double
    /// HERA's URC threshold.
    package var requestThreshold: Double
    /// The model that an earlier step gave the whole request to.
    package var committed: ModelID?

    package init(
        order: [Candidate], reference: Candidate, position: Int, kappa: Double, requestThreshold: Double,
        committed: ModelID?
    ) {
        self.order = order
        self.reference = reference
        self.position = position
        self.kappa = kappa
        self.requestThreshold = requestThreshold
        self.committed = committed
    }

    /// What the rule says, and every test on the way.
    package struct Verdict: Hashable, Sendable {
        package var model: ModelID
        package var stage: Stage
        package var reason: String
        package var considered: [String]
    }

    /// Runs the tests. `order` holds at least one candidate.
    package func verdict() -> Verdict {
        var considered: [String] = []
        let cheaper = Array(order.prefix { $0.model != reference.model })
        if let committed, order.contains(where: { $0.model == committed }) {
            return Verdict(
                model: committed, stage: .urc, reason: "stays on \(committed): the whole request was given to it",
                considered: ["urc: committed to \(committed) at an earlier step"])
        }
        if position == 1 {
            for candidate in cheaper {
                let similarity = candidate.requestSimilarity ?? 0
                let passes = similarity > requestThreshold
                considered.append(line("urc", candidate, similarity, passes ? ">" : "<=", requestThreshold))
                if passes {
                    return Verdict(
                        model: candidate.model, stage: .urc,
                        reason: "whole request on \(candidate.model): predicted to end like \(reference.model) with "
                            + "probability \(rounded(similarity)) > \(rounded(requestThreshold))",
                        considered: considered)
                }
            }
        }
        for candidate in cheaper {
            let similarity = candidate.similarity ?? 0
            let passes = similarity > kappa
            considered.append(line("sse", candidate, similarity, passes ? ">" : "<=", kappa))
            if passes {
                return Verdict(
                    model: candidate.model, stage: .sse,
                    reason: "kept on \(candidate.model): predicted similarity \(rounded(similarity)) to "
                        + "\(reference.model) > kappa \(rounded(kappa)) at step \(position)",
                    considered: considered)
            }
        }
        return lastResort(cheaper: cheaper, considered: considered)
    }

    private func lastResort(cheaper: [Candidate], considered: [String]) -> Verdict {
        guard order.contains(where: { $0.model == reference.model }) else {
            let best = order.max { $0.prediction.quality < $1.prediction.quality } ?? reference
            return Verdict(
                model: best.model, stage: .plan,
                reason: "\(best.model): the best that fits the limits; \(reference.model) does not fit them",
                considered: considered + ["reference: \(reference.model) does not fit the limits"])
        }
        let short = order.filter { $0.cost.total < reference.cost.total }
        if cheaper.isEmpty, let best = short.map(\.prediction.quality).max(),
            best < kappa * reference.prediction.quality
        {
            return Verdict(
                model: reference.model, stage: .reference,
                reason: "\(reference.model): no cheaper model reaches kappa \(rounded(kappa)) of its predicted quality "
                    + "\(rounded(reference.prediction.quality)) at step \(position) (the best has \(rounded(best)))",
                considered: short.map { candidate in
                    "plan: \(candidate.model) quality \(rounded(candidate.prediction.quality)) < "
                        + "\(rounded(kappa * reference.prediction.quality))"
                })
        }
        if cheaper.isEmpty {
            return Verdict(
                model: reference.model, stage: .plan,
                reason: "\(reference.model): first in the plan, and the best predicted quality "
                    + "(\(rounded(reference.prediction.quality)))",
                considered: ["plan: \(reference.model) comes first"])
        }
        return Verdict(
            model: reference.model, stage: .reference,
            reason: "\(reference.model): no cheaper candidate passed kappa \(rounded(kappa)) at step \(position)",
            considered: considered + ["reference: \(reference.model) is the last resort"])
    }

    private func line(
        _ test: String, _ candidate: Candidate, _ value: Double, _ sign: String, _ threshold: Double
    ) -> String {
        "\(test): \(candidate.model) \(rounded(value)) \(sign) \(rounded(threshold))"
    }

    /// Two decimals, as people read thresholds.
    private func rounded(_ value: Double) -> String {
        let hundredths = Int((value * 100).rounded())
        return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)"
    }
}
