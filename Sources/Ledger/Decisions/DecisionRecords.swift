package import Domain
import JSON

/// A decision with its time and account.
package struct DecisionRecord: Hashable, Sendable {
    package var decision: Decision
    package var attribution: Attribution
    package var at: Timestamp

    package init(decision: Decision, attribution: Attribution, at: Timestamp) {
        self.decision = decision
        self.attribution = attribution
        self.at = at
    }
}

extension Decision {
    /// The decision as JSON, exactly: money in integer nano-USD.
    package var json: [UInt8] {
        var writer = JSONWriter(capacity: 512 + candidates.count * 400)
        writer.object { decision in
            decision.member("id", id)
            if let requestedModel { decision.member("asked", requestedModel) }
            decision.member("run", runID)
            decision.member("step", stepID)
            decision.member("position", position)
            decision.member("model", model.rawValue)
            decision.member("reference", reference.rawValue)
            decision.member("kappa", kappa)
            decision.member("stage", stage.rawValue)
            decision.member("reason", reason)
            decision.member("considered", array: { for line in considered { $0.element(line) } })
            decision.member("candidates", array: { for candidate in candidates { candidate.write(to: &$0) } })
            decision.member("fallbacks", array: { for fallback in fallbacks { $0.element(fallback.rawValue) } })
            decision.member("catalog", catalogVersion)
            guard !attempts.isEmpty else { return }
            decision.member("attempts", array: { for attempt in attempts { attempt.write(to: &$0) } })
        }
        return writer.bytes
    }

    /// Reads what `json` writes; nil for anything else.
    package init?(json: [UInt8]) {
        guard let root = try? JSONDocument(json).root, let id = root["id"]?.string, let run = root["run"]?.string,
            let step = root["step"]?.string, let position = root["position"]?.integer,
            let model = root["model"]?.string, let reference = root["reference"]?.string,
            let kappa = root["kappa"]?.double, let stage = root["stage"]?.string.flatMap(Stage.init),
            let reason = root["reason"]?.string, let considered = root["considered"],
            let candidates = root["candidates"], let fallbacks = root["fallbacks"],
            let catalog = root["catalog"]?.string
        else { return nil }
        var read: [Candidate] = []
        for element in candidates.elements {
            guard let candidate = Candidate(element) else { return nil }
            read.append(candidate)
        }
        self.init(
            id: id, runID: run, stepID: step, position: Int(position), model: ModelID(model),
            reference: ModelID(reference), kappa: kappa, stage: stage, reason: reason,
            considered: considered.elements.compactMap(\.string), candidates: read,
            fallbacks: fallbacks.elements.compactMap { $0.string.map { ModelID($0) } }, catalogVersion: catalog,
            attempts: root["attempts"]?.elements.compactMap(Attempt.init) ?? [], requestedModel: root["asked"]?.string)
    }
}

extension Attempt {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.object { attempt in
            attempt.member("model", model.rawValue)
            attempt.member("score", score)
            attempt.member("kappa", kappa)
            attempt.member("accepted", isAccepted)
            attempt.member("words", reason)
            attempt.member("entry", entryID)
            guard !evidence.isEmpty else { return }
            attempt.member(
                "evidence",
                array: { list in
                    for piece in evidence {
                        list.object { object in
                            object.member("name", piece.name)
                            object.member("words", piece.finding)
                            object.member("log_odds", piece.logOdds)
                        }
                    }
                })
        }
    }

    fileprivate init?(_ value: JSONValue) {
        guard let model = value["model"]?.string, let isAccepted = value["accepted"]?.boolean,
            let words = value["words"]?.string
        else { return nil }
        self.init(
            model: ModelID(model), score: value["score"]?.double, kappa: value["kappa"]?.double,
            isAccepted: isAccepted, reason: words, entryID: value["entry"]?.string,
            evidence: value["evidence"]?.elements.compactMap { piece in
                guard let name = piece["name"]?.string, let finding = piece["words"]?.string else { return nil }
                return Evidence(name: name, finding: finding, logOdds: piece["log_odds"]?.double)
            } ?? [])
    }
}

extension Candidate {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.object { candidate in
            candidate.member("model", model.rawValue)
            candidate.member("placement", placement.rawValue)
            candidate.member("quality", prediction.quality)
            candidate.member("deviation", prediction.deviation)
            candidate.member("output_tokens_mean", prediction.outputTokens.mean)
            candidate.member("output_tokens_p95", prediction.outputTokens.p95)
            switch prediction.basis {
            case .profile(let name): candidate.member("profile", name.rawValue)
            case .scores(let name): candidate.member("scores", name.rawValue)
            case .prior(let tier): candidate.member("prior", tier.rawValue)
            }
            candidate.member("usual", prediction.usual)
            candidate.member("ability", prediction.ability)
            candidate.member("known_share", prediction.knownShare)
            candidate.member("similarity", similarity)
            candidate.member("request_similarity", requestSimilarity)
            candidate.member("api_nano_usd", cost.api.nanoUSD)
            candidate.member("energy_nano_usd", cost.energy.nanoUSD)
            candidate.member("hardware_nano_usd", cost.hardware.nanoUSD)
            candidate.member("worst_case_nano_usd", worstCaseCost.nanoUSD)
            candidate.member("latency_s", latencySeconds)
            candidate.member("energy_j", energyJoules)
            candidate.member("service_tier", serviceTier == .standard ? nil : serviceTier.rawValue)
            candidate.member("rejection", rejection)
            guard let sources else { return }
            candidate.member("sources", array: { list in for name in sources.sent { list.element(name) } })
            candidate.member("sources_left_out", array: { list in for name in sources.left { list.element(name) } })
            candidate.member("sources_words", array: { list in for remark in sources.remarks { list.element(remark) } })
            candidate.member("sources_mask", Int64(bitPattern: sources.mask))
        }
    }

    fileprivate init?(_ value: JSONValue) {
        guard let model = value["model"]?.string, let placement = value["placement"]?.string.flatMap(Placement.init),
            let quality = value["quality"]?.double, let deviation = value["deviation"]?.double,
            let mean = value["output_tokens_mean"]?.double, let p95 = value["output_tokens_p95"]?.double,
            let api = value["api_nano_usd"]?.integer, let energy = value["energy_nano_usd"]?.integer,
            let hardware = value["hardware_nano_usd"]?.integer, let worst = value["worst_case_nano_usd"]?.integer,
            let latency = value["latency_s"]?.double, let joules = value["energy_j"]?.double
        else { return nil }
        let basis: PredictionBasis
        if let profile = value["profile"]?.string {
            basis = .profile(ModelID(profile))
        } else if let name = value["scores"]?.string {
            basis = .scores(ModelID(name))
        } else if let tier = value["prior"]?.string.flatMap(QualityTier.init) {
            basis = .prior(tier)
        } else {
            return nil
        }
        self.init(
            model: ModelID(model), placement: placement,
            prediction: Prediction(
                quality: quality, deviation: deviation, outputTokens: OutputTokens(mean: mean, p95: p95), basis: basis,
                usual: value["usual"]?.double, ability: value["ability"]?.double,
                knownShare: value["known_share"]?.double),
            similarity: value["similarity"]?.double, requestSimilarity: value["request_similarity"]?.double,
            cost: CallCost(
                api: Money(nanoUSD: api), energy: Money(nanoUSD: energy), hardware: Money(nanoUSD: hardware)),
            worstCaseCost: Money(nanoUSD: worst), latencySeconds: latency, energyJoules: joules,
            serviceTier: value["service_tier"]?.string.flatMap(ServiceTier.init) ?? .standard,
            rejection: value["rejection"]?.string)
        if let mask = value["sources_mask"]?.integer {
            func names(_ member: String) -> [String] { value[member]?.elements.compactMap(\.string) ?? [] }
            sources = SourceChoice(
                sent: names("sources"), left: names("sources_left_out"), mask: UInt64(bitPattern: mask),
                remarks: names("sources_words"))
        }
    }
}
