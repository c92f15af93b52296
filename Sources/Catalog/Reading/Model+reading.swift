import Domain

extension Model {
    /// The fields of a model. Those of its endpoint may stand at the top of the file instead.
    static let rules =
        Endpoint.rules + [
            FieldRule("id", "`id: provider/model`, the name that callers use"),
            FieldRule("aliases", "`aliases: [other-name]`"),
            FieldRule("upstream_name", "`upstream_name: gpt-4.1-mini`, the name that the server knows it by"),
            FieldRule("endpoints", "`endpoints:` with a list of servers, each beginning with `- name: ...`"),
            FieldRule("tier", "`tier: medium`, one of \(QualityTier.allCases.map(\.rawValue).joined(separator: ", "))"),
            FieldRule("profile", "`profile: NAME`, the trained profile of exactly this model"),
            FieldRule("context", "`context: 128000`, the most tokens of prompt and answer together"),
            FieldRule("max_output", "`max_output: 16384`, the most tokens of one answer"),
            FieldRule(
                "capabilities",
                "`capabilities: [streaming]`, of \(Capability.allCases.map(\.rawValue).joined(separator: ", "))"),
            FieldRule("images", "`images:` with `most_tokens` and `source`"),
            FieldRule("prices", "`prices:` with `input`, `output` (USD per million tokens), `source` and `as_of`"),
            FieldRule("energy", "`energy:` with \(EnergyUse.rules.map { "`\($0.name)`" }.joined(separator: ", "))"),
            FieldRule("amortisation", "`amortisation:` with `nano_usd_per_busy_s` and `source`"),
            FieldRule("slots", "`slots: 2`, the calls that the server answers at the same time"),
            FieldRule("prompt_cache", "`prompt_cache: none`, where the server reads every prompt from its beginning"),
            FieldRule("cache_min_tokens", "`cache_min_tokens: 1024`, tokens below which the server caches no prompt"),
            FieldRule(
                "logprobs",
                "`logprobs: free`, where the server gives log-probabilities of tokens for nothing, or `none`"),
            FieldRule(
                "efforts", "`efforts:` with levels such as `low: {reasoning_effort: low, length: 2, source: ...}`"),
            FieldRule("speed", "`speed:` with \(Speed.rules.map { "`\($0.name)`" }.joined(separator: ", "))"),
        ]

    /// Parses a model; nil if anything required is missing or invalid.
    init?(reading table: YAMLTable, id: ModelID?, aliases: [ModelID], today: CalendarDay, log: inout ProblemLog) {
        let provider = table.required("provider", log: &log)
        let endpoints = ModelEndpoint.list(reading: table, log: &log)
        let placement: Placement? = table.required("placement", log: &log)?.choice(log: &log)
        let tier: QualityTier? = table.required("tier", log: &log)?.choice(log: &log)
        let profile = table.scalar("profile", log: &log)
        let limits = TokenLimits(reading: table, log: &log)
        let capabilities = Self.capabilities(of: table, log: &log)
        let images = ImageTokens(reading: table, log: &log)
        let prices = Price.prices(of: table, wire: endpoints.first?.endpoint.wire, today: today, log: &log)
        let energy = EnergyUse(reading: table, log: &log)
        let amortisation = Amortisation(reading: table, log: &log)
        let slots = table.scalar("slots", log: &log)?.integer(atLeast: 1, log: &log)
        let promptCache: PromptCache? = table.scalar("prompt_cache", log: &log)?.choice(log: &log)
        let shortestCached = table.scalar("cache_min_tokens", log: &log)?.integer(atLeast: 1, log: &log)
        let logProbabilities: LogProbabilities? = table.scalar("logprobs", log: &log)?.choice(log: &log)
        let efforts = EffortLevel.levels(of: table, wire: endpoints.first?.endpoint.wire, log: &log)
        let speed = Speed(reading: table, log: &log)
        if let placement { Self.check(table, fits: placement, log: &log) }
        guard let id, let provider, !endpoints.isEmpty, let placement, let tier, let limits, let prices,
            let speed = speed ?? (placement == .cloud ? CloudSpeed.estimate(for: tier) : nil)
        else { return nil }
        self.init(
            id: id, provider: provider.text, aliases: aliases, endpoints: endpoints, placement: placement, tier: tier,
            profile: profile.map { ModelID($0.text) }, contextTokens: limits.context,
            maxOutputTokens: limits.maxOutput, capabilities: capabilities, images: images, prices: prices,
            energy: energy, amortisation: amortisation, slots: slots, promptCache: promptCache ?? .kept, speed: speed,
            logProbabilities: logProbabilities, efforts: efforts, shortestCachedPrompt: shortestCached)
    }

    private static func capabilities(of table: YAMLTable, log: inout ProblemLog) -> Set<Capability> {
        if table.node("capabilities") == nil { table.reportMissing("capabilities", log: &log) }
        return Set(table.list("capabilities", log: &log).compactMap { $0.choice(log: &log) })
    }

    /// Checks the fields that a placement requires or forbids.
    private static func check(_ table: YAMLTable, fits placement: Placement, log: inout ProblemLog) {
        switch placement {
        case .edge:
            for name in ["energy", "speed"] where !table.has(name) { table.reportMissing(name, log: &log) }
        case .cloud:
            for name in ["energy", "amortisation"] where table.has(name) {
                log.error(
                    table.line(of: name), "`\(name)` is only for models on the operator's hardware",
                    "remove it, or write `placement: edge`")
            }
        }
    }
}

/// Context and output limits of a model.
private struct TokenLimits {
    let context: Int
    let maxOutput: Int

    init?(reading table: YAMLTable, log: inout ProblemLog) {
        let context = table.required("context", log: &log)?.integer(atLeast: 1, log: &log)
        let maxOutput = table.required("max_output", log: &log)?.integer(atLeast: 1, log: &log)
        guard let context, let maxOutput else { return nil }
        guard maxOutput <= context else {
            log.error(
                table.line(of: "max_output"), "`max_output` (\(maxOutput)) is above `context` (\(context))",
                "write at most `max_output: \(context)`, or correct `context`")
            return nil
        }
        self.context = context
        self.maxOutput = maxOutput
    }
}

extension ImageTokens {
    static let rules = [
        FieldRule("most_tokens", "`most_tokens: 1600`, the most that the model bills for an image, however large"),
        FieldRule("source", "`source: ...`, who says so"),
    ]

    /// Parses `images` of a model's table; nil if absent or invalid.
    init?(reading model: YAMLTable, log: inout ProblemLog) {
        guard let table = model.table("images", rules: Self.rules, log: &log) else { return nil }
        let most = table.required("most_tokens", log: &log)?.integer(atLeast: 1, log: &log)
        let source = table.required("source", log: &log)
        guard let most, let source else { return nil }
        self.init(most: most, source: source.text)
    }
}
