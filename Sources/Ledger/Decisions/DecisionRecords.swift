package import Domain
import JSON

/// A decision with its time and account; the caller's own labels are with the entries alone.
package struct DecisionRecord: Hashable, Sendable {
    package var decision: Decision
    package var attribution: Attribution
    package var at: Timestamp

    package init(decision: Decision, attribution: Attribution, at: Timestamp) {
        self.decision = decision
        self.attribution = attribution.withoutLabels
        self.at = at
    }
}

extension Decision {
    /// The decision as JSON, exactly: money in integer nano-USD. Candidates are lists of values (`Candidate.fields`).
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
            if let endpoint { attempt.member("endpoint", endpoint) }
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
            isAccepted: isAccepted, reason: words, entryID: value["entry"]?.string, endpoint: value["endpoint"]?.string,
            evidence: value["evidence"]?.elements.compactMap { piece in
                guard let name = piece["name"]?.string, let finding = piece["words"]?.string else { return nil }
                return Evidence(name: name, finding: finding, logOdds: piece["log_odds"]?.double)
            } ?? [])
    }
}

extension Candidate {
    /// The names of a candidate's values, in their order. Each call stores its candidates, so names are not stored with
    /// them; absent values at the end are left out. New ones are only added at the end.
    fileprivate static let fields = [
        "model", "placement", "quality", "deviation", "output_tokens_mean", "output_tokens_p95", "basis", "basis_name",
        "usual", "ability", "known_share", "similarity", "request_similarity", "api_nano_usd", "energy_nano_usd",
        "hardware_nano_usd", "worst_case_nano_usd", "latency_s", "energy_j", "service_tier", "rejection", "sources",
        "effort",
    ]

    fileprivate func write(to writer: inout JSONWriter) {
        writer.array { list in
            list.element(model.rawValue)
            list.element(placement.rawValue)
            list.element(prediction.quality)
            list.element(prediction.deviation)
            list.element(prediction.outputTokens.mean)
            list.element(prediction.outputTokens.p95)
            let (basis, name) = prediction.basis.words
            list.element(basis)
            list.element(name)
            list.element(prediction.usual == prediction.quality ? nil : prediction.usual)
            list.element(prediction.ability)
            list.element(prediction.knownShare)
            list.element(similarity)
            list.element(requestSimilarity)
            list.element(cost.api.nanoUSD)
            list.element(cost.energy.nanoUSD)
            list.element(cost.hardware.nanoUSD)
            list.element(worstCaseCost.nanoUSD)
            list.element(latencySeconds)
            list.element(energyJoules)
            guard serviceTier != .standard || rejection != nil || sources != nil || effort != nil else { return }
            list.element(serviceTier == .standard ? nil : serviceTier.rawValue)
            guard rejection != nil || sources != nil || effort != nil else { return }
            list.element(rejection)
            guard sources != nil || effort != nil else { return }
            if let sources {
                list.object { sources.write(to: &$0) }
            } else {
                list.element(raw: "null".utf8)
            }
            if let effort { list.object { effort.write(to: &$0) } }
        }
    }

    /// Reads a list of `fields`, or an object of them, as decisions stored them before.
    fileprivate init?(_ value: JSONValue) {
        if value.kind == .array {
            let values = Array(value.elements)
            self.init { name in Self.places[name].flatMap { $0 < values.count ? values[$0] : nil } }
        } else {
            self.init { value[$0] }
        }
    }

    private static let places = Dictionary(uniqueKeysWithValues: fields.enumerated().map { ($1, $0) })

    private init?(_ value: (String) -> JSONValue?) {
        guard let model = value("model")?.string, let placement = value("placement")?.string.flatMap(Placement.init),
            let quality = value("quality")?.double, let deviation = value("deviation")?.double,
            let mean = value("output_tokens_mean")?.double, let p95 = value("output_tokens_p95")?.double,
            let api = value("api_nano_usd")?.integer, let energy = value("energy_nano_usd")?.integer,
            let hardware = value("hardware_nano_usd")?.integer, let worst = value("worst_case_nano_usd")?.integer,
            let latency = value("latency_s")?.double, let joules = value("energy_j")?.double
        else { return nil }
        var basis: PredictionBasis?
        for word in PredictionBasis.Word.allCases {
            let isWord = value("basis")?.string == word.rawValue
            guard let name = (isWord ? value("basis_name") : value(word.rawValue))?.string else { continue }
            basis = PredictionBasis(word, name)
        }
        guard let basis else { return nil }
        self.init(
            model: ModelID(model), placement: placement,
            prediction: Prediction(
                quality: quality, deviation: deviation, outputTokens: OutputTokens(mean: mean, p95: p95), basis: basis,
                usual: value("usual")?.double, ability: value("ability")?.double,
                knownShare: value("known_share")?.double),
            similarity: value("similarity")?.double, requestSimilarity: value("request_similarity")?.double,
            cost: CallCost(
                api: Money(nanoUSD: api), energy: Money(nanoUSD: energy), hardware: Money(nanoUSD: hardware)),
            worstCaseCost: Money(nanoUSD: worst), latencySeconds: latency, energyJoules: joules,
            serviceTier: value("service_tier")?.string.flatMap(ServiceTier.init) ?? .standard,
            rejection: value("rejection")?.string)
        sources = value("sources").flatMap(SourceChoice.init)
        effort = value("effort").flatMap(EffortChoice.init)
    }
}

extension SourceChoice {
    fileprivate func write(to object: inout JSONWriter) {
        object.member("sent", array: { list in for name in sent { list.element(name) } })
        object.member("left_out", array: { list in for name in left { list.element(name) } })
        object.member(
            "worths",
            array: { list in
                for worth in worths {
                    list.array { item in
                        item.element(worth.id)
                        item.element(worth.isSent)
                        item.element(worth.gain)
                        item.element(worth.cost.nanoUSD)
                    }
                }
            })
        object.member("mask", Int64(bitPattern: mask))
    }

    fileprivate init?(_ json: JSONValue) {
        guard let mask = json["mask"]?.integer else { return nil }
        func names(_ member: String) -> [String] { json[member]?.elements.compactMap(\.string) ?? [] }
        self.init(
            sent: names("sent"), left: names("left_out"), mask: UInt64(bitPattern: mask),
            worths: json["worths"]?.elements.compactMap(SourceWorth.init) ?? [], storedWords: names("words"))
    }
}

extension SourceWorth {
    fileprivate init?(_ json: JSONValue) {
        let values = Array(json.elements)
        guard values.count == 4, let id = values[0].string, let isSent = values[1].boolean,
            let gain = values[2].double, let cost = values[3].integer
        else { return nil }
        self.init(id: id, isSent: isSent, gain: gain, cost: Money(nanoUSD: cost))
    }
}

extension EffortChoice {
    fileprivate func write(to object: inout JSONWriter) {
        object.member("level", level.effort.rawValue)
        object.member("own", own.rawValue)
        object.member("own_quality", ownQuality)
        object.member("own_nano_usd", ownCost.nanoUSD)
    }

    /// Reads the level's name. What asked a server for it is the catalog's.
    fileprivate init?(_ json: JSONValue) {
        func effort(_ member: String) -> MeasuredEffort? {
            json[member]?.string.flatMap { MeasuredEffort(rawValue: $0) }
        }
        guard let level = effort("level"), let own = effort("own"), let quality = json["own_quality"]?.double,
            let cost = json["own_nano_usd"]?.integer
        else { return nil }
        self.init(
            level: EffortLevel(effort: level, parameters: EffortParameters(), length: 1, source: ""), own: own,
            ownQuality: quality, ownCost: Money(nanoUSD: cost))
    }
}

extension PredictionBasis {
    fileprivate enum Word: String, CaseIterable {
        case profile, scores, prior
    }

    /// The kind of source, and its name.
    fileprivate var words: (String, String) {
        switch self {
        case .profile(let name): (Word.profile.rawValue, name.rawValue)
        case .scores(let name): (Word.scores.rawValue, name.rawValue)
        case .prior(let tier): (Word.prior.rawValue, tier.rawValue)
        }
    }

    fileprivate init?(_ word: Word, _ name: String) {
        switch word {
        case .profile: self = .profile(ModelID(name))
        case .scores: self = .scores(ModelID(name))
        case .prior:
            guard let tier = QualityTier(rawValue: name) else { return nil }
            self = .prior(tier)
        }
    }
}
