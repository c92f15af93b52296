import Domain
import JSON

/// Parses models.dev's `api.json`.
enum ModelsDevList {
    private static let classes: [(UsageClass, String)] = [
        (.input, "input"), (.cachedRead, "cache_read"), (.cacheWrite5m, "cache_write"), (.output, "output"),
        (.reasoning, "reasoning"), (.audioInput, "input_audio"), (.audioOutput, "output_audio"),
    ]
    private static let flags: [(Capability, String)] = [
        (.tools, "tool_call"), (.structuredOutput, "structured_output"), (.reasoning, "reasoning"),
    ]

    static func entries(of root: JSONValue) throws(PriceListError) -> [ListedEntry] {
        guard root.kind == .object, root.members.contains(where: { $0.value["models"]?.kind == .object }) else {
            throw .notThisList(.modelsDev, hint: "it has no providers with `models`")
        }
        var entries: [ListedEntry] = []
        for (key, provider) in root.members {
            let name = ProviderAddress.catalogName(of: key)
            let address = ProviderAddress(
                baseURL: provider["api"]?.string, keyVariable: provider["env"]?.elements.first { _ in true }?.string)
            for (key, value) in provider["models"]?.members.map({ $0 }) ?? [] {
                let id = value["id"]?.string ?? key
                entries.append(
                    ListedEntry(provider: name, name: id) { () throws(SkipReason) in
                        try model(value, provider: name, name: id, address: address)
                    })
            }
        }
        return entries
    }

    private static func model(
        _ value: JSONValue, provider: String, name: String, address: ProviderAddress?
    ) throws(SkipReason) -> ListedModel {
        func takes(_ kind: String, _ direction: String) -> Bool {
            value["modalities"]?[direction]?.elements.contains { $0.isString(kind) } == true
        }
        guard takes("text", "output"), takes("text", "input") else { throw .notChat }
        if value["status"]?.isString("deprecated") == true { throw .retired }
        guard let cost = value["cost"] else { throw .unpriced }
        let rates = try rates(of: cost).complete()
        guard let context = value["limit"]?["context"]?.integer, context > 0 else { throw .noContext }
        var capabilities = Set(flags.filter { value[$0.1]?.boolean == true }.map(\.0))
        capabilities.insert(.streaming)
        if takes("image", "input") { capabilities.insert(.vision) }
        if takes("audio", "input") { capabilities.insert(.audio) }
        let output = value["limit"]?["output"]?.integer.map(Int.init)
        return ListedModel(
            provider: provider, name: name, contextTokens: Int(context),
            maxOutputTokens: output.flatMap { $0 > 0 ? $0 : nil }, capabilities: capabilities,
            tiers: [.standard: rates], contextTiers: try contextTiers(of: cost), address: address)
    }

    private static func rates(of cost: JSONValue) throws(SkipReason) -> ListedRates {
        var rates = ListedRates()
        for (unit, key) in classes { try rates.setPrice(of: unit, cost[key], in: .usdPerMillion) }
        return rates
    }

    /// Context tiers from `tiers` with a `tier` of type context, or from the older `context_over_200k`.
    private static func contextTiers(of cost: JSONValue) throws(SkipReason) -> [ContextTier] {
        var tiers: [ContextTier] = []
        for element in cost["tiers"]?.elements.map({ $0 }) ?? []
        where element["tier"]?["type"]?.isString("context") == true {
            guard let size = element["tier"]?["size"]?.integer else { continue }
            tiers.append(ContextTier(aboveTokens: Int(size), rates: try rates(of: element).rates))
        }
        if tiers.isEmpty, let over = cost["context_over_200k"], over.kind == .object {
            tiers.append(ContextTier(aboveTokens: 200_000, rates: try rates(of: over).rates))
        }
        return tiers.sorted { $0.aboveTokens < $1.aboveTokens }
    }
}
