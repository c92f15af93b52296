import Domain
import JSON

/// Parses OpenRouter's model list (`GET https://openrouter.ai/api/v1/models`).
enum OpenRouterList {
    private static let classes: [(UsageClass, String)] = [
        (.input, "prompt"), (.cachedRead, "input_cache_read"), (.cacheWrite5m, "input_cache_write"),
        (.output, "completion"), (.reasoning, "internal_reasoning"), (.audioInput, "audio"), (.request, "request"),
    ]
    private static let parameters: [(Capability, String)] = [
        (.tools, "tools"), (.structuredOutput, "structured_outputs"), (.reasoning, "reasoning"),
    ]

    static func entries(of root: JSONValue) throws(PriceListError) -> [ListedEntry] {
        guard let data = root["data"], data.kind == .array else {
            throw .notThisList(.openrouter, hint: "it has no `data` with a list of models")
        }
        return data.elements.map { value in
            let name = value["id"]?.string ?? "?"
            let maker = name.split(separator: "/").first.map(String.init)
            return ListedEntry(provider: "openrouter", maker: maker, name: name) { () throws(SkipReason) in
                try model(value, name: name, maker: maker)
            }
        }
    }

    private static func model(_ value: JSONValue, name: String, maker: String?) throws(SkipReason) -> ListedModel {
        let modalities = value["architecture"]
        guard let outputs = modalities?["output_modalities"], outputs.elements.contains(where: { $0.isString("text") })
        else { throw .notChat }
        var rates = ListedRates()
        for (unit, key) in classes { try rates.setPrice(of: unit, value["pricing"]?[key], in: .usdPerUnit) }
        guard let context = value["context_length"]?.integer, context > 0 else { throw .noContext }
        let supported = value["supported_parameters"]
        var capabilities = Set(
            parameters.filter { parameter in
                supported?.elements.contains { $0.isString(parameter.1) } == true
            }.map(\.0))
        capabilities.insert(.streaming)
        for (capability, name) in [(Capability.vision, "image"), (.audio, "audio")]
        where modalities?["input_modalities"]?.elements.contains(where: { $0.isString(name) }) == true {
            capabilities.insert(capability)
        }
        return ListedModel(
            provider: "openrouter", maker: maker, name: name, contextTokens: Int(context),
            maxOutputTokens: value["top_provider"]?["max_completion_tokens"]?.integer.map(Int.init),
            capabilities: capabilities, tiers: [.standard: try rates.complete()])
    }
}
