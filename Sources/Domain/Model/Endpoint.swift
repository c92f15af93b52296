/// The dialect that a server speaks.
package enum WireFormat: String, CaseIterable, Hashable, Sendable {
    case openAI = "openai"
    case anthropic
}

/// Where and how a model is called. It names its secrets and never holds them.
package struct Endpoint: Hashable, Sendable {
    /// Scheme, host, port and path up to the version: `https://api.openai.com/v1`.
    package let baseURL: String
    /// The dialect of the server.
    package let wire: WireFormat
    /// The server's name for the model.
    package let modelName: String
    /// What the server asks of each request.
    package let access: EndpointAccess
    /// The provider's batch API, or nil.
    package let batches: BatchInterface?

    package init(
        baseURL: String, wire: WireFormat, modelName: String, access: EndpointAccess, batches: BatchInterface? = nil
    ) {
        self.baseURL = baseURL
        self.wire = wire
        self.modelName = modelName
        self.access = access
        self.batches = batches
    }

    /// - Parameter keyVariable: the environment variable with the key; nil for a server without authentication.
    package init(
        baseURL: String, wire: WireFormat, modelName: String, keyVariable: String?, batches: BatchInterface? = nil
    ) {
        self.init(
            baseURL: baseURL, wire: wire, modelName: modelName, access: EndpointAccess(keyVariable: keyVariable),
            batches: batches)
    }

    /// The environment variable with the key; nil where the key comes from elsewhere, or there is none.
    package var keyVariable: String? { access.keyVariable }
}

/// A provider's batch API: many calls at once, answered within a day, at a lower price.
package enum BatchInterface: String, CaseIterable, Hashable, Sendable {
    /// `POST /files` and `POST /batches`, as at OpenAI.
    case openAI = "openai"
    /// `POST /messages/batches`, as at Anthropic.
    case anthropic
}
