package import Domain
package import JSON
import Routing

extension Decision {
    /// The JSON of `hera route --format json` and `POST /v1/route`.
    package var report: [UInt8] { report(withFront: false) }

    /// - Parameter withFront: adds `pareto`, the non-dominated candidates, cheapest first.
    package func report(withFront: Bool) -> [UInt8] {
        var writer = JSONWriter(capacity: 512 + 256 * candidates.count)
        writer.object { object in
            object.member("id", id)
            if let requestedModel { object.member("asked", requestedModel) }
            object.member("run", runID)
            object.member("model", model.rawValue)
            object.member("reference", reference.rawValue)
            object.member("position", position)
            object.member("kappa", kappa)
            object.member("stage", stage.rawValue)
            object.member("reason", reason)
            object.member("considered", array: { list in for line in considered { list.element(line) } })
            object.member("fallbacks", array: { list in for model in fallbacks { list.element(model.rawValue) } })
            if !attempts.isEmpty {
                object.member(
                    "attempts", array: { list in for attempt in attempts { list.object { attempt.write(into: &$0) } } })
            }
            object.member("catalog", catalogVersion)
            if withFront {
                object.member("pareto", array: { list in for one in front { list.element(one.model.rawValue) } })
            }
            object.member(
                "candidates",
                array: { list in for candidate in candidates { list.object { candidate.write(into: &$0) } } })
        }
        return writer.bytes
    }
}

extension Candidate {
    func write(into object: inout JSONWriter) {
        object.member("model", model.rawValue)
        object.member("placement", placement.rawValue)
        object.member("p", prediction.quality)
        object.member("p_deviation", prediction.deviation)
        object.member("basis", prediction.source)
        if let similarity { object.member("similarity", similarity) }
        if let requestSimilarity { object.member("request_similarity", requestSimilarity) }
        object.member("cost_usd", raw: cost.total.description.utf8)
        object.member("worst_case_cost_usd", raw: worstCaseCost.description.utf8)
        object.member("latency_s", latencySeconds)
        object.member("energy_j", energyJoules)
        object.member("output_tokens", prediction.outputTokens.mean)
        if serviceTier != .standard { object.member("service_tier", serviceTier.rawValue) }
        if let rejection { object.member("rejected", rejection) }
        if let effort { object.member("effort", object: { effort.write(into: &$0) }) }
        if let sources { object.member("sources", object: { sources.write(into: &$0) }) }
    }
}

extension EffortChoice {
    func write(into object: inout JSONWriter) {
        object.member("level", level.effort.rawValue)
        object.member("own", own.rawValue)
        object.member("p_at_own", ownQuality)
        object.member("cost_usd_at_own", raw: ownCost.description.utf8)
    }
}

extension SourceChoice {
    func write(into object: inout JSONWriter) {
        object.member("sent", array: { list in for name in sent { list.element(name) } })
        object.member("left_out", array: { list in for name in left { list.element(name) } })
        object.member("words", array: { list in for remark in remarks { list.element(remark) } })
    }
}

extension Attempt {
    package func write(into object: inout JSONWriter) {
        object.member("model", model.rawValue)
        if let score { object.member("score", score) }
        if let kappa { object.member("kappa", kappa) }
        object.member("accepted", isAccepted)
        object.member("words", reason)
        if let entryID { object.member("entry", entryID) }
        if let endpoint { object.member("endpoint", endpoint) }
        guard !evidence.isEmpty else { return }
        object.member(
            "evidence",
            array: { list in
                for piece in evidence {
                    list.object { object in
                        object.member("name", piece.name)
                        object.member("words", piece.finding)
                        if let logOdds = piece.logOdds { object.member("log_odds", logOdds) }
                    }
                }
            })
    }
}
