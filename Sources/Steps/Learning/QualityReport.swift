package import Domain
package import JSON
package import Ledger
import Routing

/// Measured quality for the dashboard: a row for each source, policy and model.
package struct QualityReport: Sendable {
    let sums: [QualitySums]
    let policies: [String: PolicyQuality]
    let version: Int
    let failedAudits: Int

    /// Loads the observations since a timestamp.
    package init(of learning: Learning, in ledger: LedgerStore, since moment: Timestamp) async throws {
        sums = try await ledger.read { try $0.qualitySums(since: moment) }
        policies = learning.quality
        version = learning.version
        failedAudits = learning.failedAudits
    }

    /// Writes the members into an open object.
    package func write(into object: inout JSONWriter) {
        object.member(
            "rows",
            array: { list in
                for row in sums {
                    list.object { inner in
                        inner.member("source", row.source.rawValue)
                        inner.member("policy", row.policy.isEmpty ? "default" : row.policy)
                        inner.member("model", row.model?.rawValue)
                        Self.write(row.count, row.sum, into: &inner)
                    }
                }
            })
        // Over all steps of a policy; audits are weighted by the inverse of their share.
        object.member(
            "policies",
            array: { list in
                for (name, quality) in policies.sorted(by: { $0.key < $1.key }) {
                    list.object { inner in
                        inner.member("policy", name.isEmpty ? "default" : name)
                        inner.member("audits", quality.estimate.effectiveSamples)
                        inner.member("quality", quality.estimate.mean)
                        inner.member("low_95", quality.estimate.interval.lower)
                        inner.member("high_95", quality.estimate.interval.upper)
                        if let pace = quality.pace {
                            inner.member("max_loss", pace.maxLoss)
                            inner.member("predicted_loss", pace.predictedLoss)
                            inner.member("measured_loss", quality.estimate.mean.map { 1 - $0 })
                            inner.member("price_factor", pace.factor)
                        }
                        guard let controller = quality.controller else { return }
                        inner.member("min_accuracy", controller.target)
                        inner.member("kappa_offset", controller.offset)
                        inner.member("status", controller.status)
                    }
                }
            })
        object.member("calibration_version", version)
        object.member("failed_audits", failedAudits)
    }

    private static func write(_ count: Int, _ sum: Double, into object: inout JSONWriter) {
        let interval = QualityInterval(count: count, sum: sum)
        object.member("observations", count)
        object.member("quality", interval.mean)
        object.member("low_95", interval.low)
        object.member("high_95", interval.high)
    }
}
