package import Domain

/// The address of a provider's models.
package struct ProviderAddress: Hashable, Sendable {
    package let baseURL: String
    package let wire: WireFormat
    package let keyVariable: String?

    /// An address given by the caller or by a list; nil without a URL.
    package init?(baseURL: String?, wire: WireFormat = .openAI, keyVariable: String?) {
        guard var url = baseURL else { return nil }
        while url.hasSuffix("/") { url.removeLast() }
        self.baseURL = url
        self.wire = wire
        self.keyVariable = keyVariable
    }

    private init(_ baseURL: String, _ keyVariable: String, _ wire: WireFormat = .openAI) {
        self.baseURL = baseURL
        self.keyVariable = keyVariable
        self.wire = wire
    }

    /// The catalog's name of a provider that lists name differently.
    static func catalogName(of listed: String) -> String {
        switch listed {
        case "gemini": "google"
        case "together_ai", "togetherai": "together"
        case "fireworks_ai", "fireworks-ai": "fireworks"
        case "cohere_chat": "cohere"
        case "moonshotai": "moonshot"
        default: listed
        }
    }

    /// Providers with an OpenAI-compatible address (Anthropic with its own wire format), by the catalog's name.
    static let known: [String: ProviderAddress] = [
        "anthropic": ProviderAddress("https://api.anthropic.com/v1", "ANTHROPIC_API_KEY", .anthropic),
        "cerebras": ProviderAddress("https://api.cerebras.ai/v1", "CEREBRAS_API_KEY"),
        "cohere": ProviderAddress("https://api.cohere.ai/compatibility/v1", "COHERE_API_KEY"),
        "dashscope": ProviderAddress(
            "https://dashscope-intl.aliyuncs.com/compatible-mode/v1", "DASHSCOPE_API_KEY"),
        "deepinfra": ProviderAddress("https://api.deepinfra.com/v1/openai", "DEEPINFRA_API_KEY"),
        "deepseek": ProviderAddress("https://api.deepseek.com/v1", "DEEPSEEK_API_KEY"),
        "fireworks": ProviderAddress("https://api.fireworks.ai/inference/v1", "FIREWORKS_API_KEY"),
        "google": ProviderAddress("https://generativelanguage.googleapis.com/v1beta/openai", "GEMINI_API_KEY"),
        "groq": ProviderAddress("https://api.groq.com/openai/v1", "GROQ_API_KEY"),
        "mistral": ProviderAddress("https://api.mistral.ai/v1", "MISTRAL_API_KEY"),
        "moonshot": ProviderAddress("https://api.moonshot.ai/v1", "MOONSHOT_API_KEY"),
        "openai": ProviderAddress("https://api.openai.com/v1", "OPENAI_API_KEY"),
        "openrouter": ProviderAddress("https://openrouter.ai/api/v1", "OPENROUTER_API_KEY"),
        "perplexity": ProviderAddress("https://api.perplexity.ai", "PERPLEXITY_API_KEY"),
        "together": ProviderAddress("https://api.together.xyz/v1", "TOGETHER_API_KEY"),
        "xai": ProviderAddress("https://api.x.ai/v1", "XAI_API_KEY"),
        "zai": ProviderAddress("https://api.z.ai/api/paas/v4", "ZAI_API_KEY"),
    ]
}
