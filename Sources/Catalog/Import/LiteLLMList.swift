import Domain
import JSON

/// Parses LiteLLM's `model_prices_and_context_window.json`.
enum LiteLLMList {
    /// The list's keys of each class, without the suffix of a service or context tier.
    private static let classes: [(UsageClass, String)] = [
        (.input, "input_cost_per_token"), (.cachedRead, "cache_read_input_token_cost"),
        (.cacheWrite5m, "cache_creation_input_token_cost"),
        (.cacheWrite1h, "cache_creation_input_token_cost_above_1hr"), (.output, "output_cost_per_token"),
        (.reasoning, "output_cost_per_reasoning_token"), (.audioInput, "input_cost_per_audio_token"),
        (.audioOutput, "output_cost_per_audio_token"),
    ]
    private static let suffixes: [(ServiceTier, String)] = [
        (.batch, "_batches"), (.flex, "_flex"), (.priority, "_priority"),
    ]
    private static let capabilities: [(Capability, String)] = [
        (.tools, "supports_function_calling"), (.structuredOutput, "supports_response_schema"),
        (.vision, "supports_vision"), (.audio, "supports_audio_input"), (.reasoning, "supports_reasoning"),
    ]

    static func entries(of root: JSONValue, today: CalendarDay) throws(PriceListError) -> [ListedEntry] {
        guard root.kind == .object, root.members.contains(where: { $0.value["litellm_provider"] != nil }) else {
            throw .notThisList(.litellm, hint: "its entries have no `litellm_provider`")
        }
        return root.members.compactMap { key, value in
            guard key != "sample_spec" else { return nil }
            let listed = value["litellm_provider"]?.string ?? "?"
            let name = key.hasPrefix(listed + "/") ? String(key.dropFirst(listed.utf8.count + 1)) : key
            let provider = ProviderAddress.catalogName(of: listed)
            return ListedEntry(provider: provider, name: name) { () throws(SkipReason) in
                try model(value, provider: provider, name: name, today: today)
            }
        }
    }

    private static func model(
        _ value: JSONValue, provider: String, name: String, today: CalendarDay
    ) throws(SkipReason) -> ListedModel {
        guard value["mode"]?.isString("chat") == true else { throw .notChat }
        if let end = value["deprecation_date"]?.string.flatMap(CalendarDay.init), end < today { throw .retired }
        var tiers = [ServiceTier.standard: try rates(of: value, suffix: "").complete()]
        for (tier, suffix) in suffixes {
            if value["input_cost_per_token" + suffix] != nil, value["output_cost_per_token" + suffix] != nil {
                tiers[tier] = try rates(of: value, suffix: suffix).complete()
            }
        }
        guard let context = value["max_input_tokens"]?.integer, context > 0 else { throw .noContext }
        return ListedModel(
            provider: provider, name: name, contextTokens: Int(context),
            maxOutputTokens: value["max_output_tokens"]?.integer.map(Int.init),
            capabilities: Set(capabilities.filter { value[$0.1]?.boolean == true }.map(\.0) + [.streaming]),
            tiers: tiers, contextTiers: try contextTiers(of: value, for: tiers))
    }

    private static func rates(of value: JSONValue, suffix: String) throws(SkipReason) -> ListedRates {
        var rates = ListedRates()
        for (unit, key) in classes { try rates.setPrice(of: unit, value[key + suffix], in: .usdPerUnit) }
        return rates
    }

    /// Context tiers like `input_cost_per_token_above_200k_tokens` and `..._above_200k_tokens_priority`, for the
    /// service tiers that have rates.
    private static func contextTiers(
        of value: JSONValue, for tiers: [ServiceTier: Rates]
    ) throws(SkipReason) -> [ContextTier] {
        let prefix = "input_cost_per_token_above_"
        var found: [ContextTier] = []
        for (tier, suffix) in [(.standard, "")] + suffixes where tiers[tier] != nil {
            let ending = "k_tokens" + suffix
            for (key, _) in value.members where key.hasPrefix(prefix) && key.hasSuffix(ending) {
                guard let thousands = Int(key.dropFirst(prefix.count).dropLast(ending.count)) else { continue }
                let rates = try rates(of: value, suffix: "_above_\(thousands)\(ending)").rates
                found.append(ContextTier(tier: tier, aboveTokens: thousands * 1000, rates: rates))
            }
        }
        return found.sorted { ($0.tier.rawValue, $0.aboveTokens) < ($1.tier.rawValue, $1.aboveTokens) }
    }
}
