/// The dialect that a server speaks.
package enum WireFormat: String, CaseIterable, Hashable, Sendable {
    case openAI = "openai"
    case anthropic
}

/// Where and how a model is called. It names its secret, and never holds it.
package struct Endpoint: Hashable, Sendable {
    /// Scheme, host, port and path up to the version: `https://api.openai.com/v1`.
    package let baseURL: String
    package let wire: WireFormat
    /// The name that the server knows the model by.
    package let modelName: String
    /// The environment variable with the key, or nil for a server that asks for none.
    package let keyVariable: String?
    /// The provider's interface for whole batches, or nil where it has none.
    package let batches: BatchInterface?

    package init(
        baseURL: String, wire: WireFormat, modelName: String, keyVariable: String?, batches: BatchInterface? = nil
    ) {
        self.baseURL = baseURL
        self.wire = wire
        self.modelName = modelName
        self.keyVariable = keyVariable
        self.batches = batches
    }
}

/// The interface for whole batches that a provider has: many calls at once, answered within a day, at a lower price.
package enum BatchInterface: String, CaseIterable, Hashable, Sendable {
    /// `POST /files` and `POST /batches`, as at OpenAI.
    case openAI = "openai"
    /// `POST /messages/batches`, as at Anthropic.
    case anthropic
}
