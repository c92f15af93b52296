/// One of the servers of a model, with its share of the calls and its limits.
package struct ModelEndpoint: Hashable, Sendable {
    /// Unique among the model's endpoints: `eu`, `us-2`, ...
    package let name: String
    /// Where and how it is called.
    package let endpoint: Endpoint
    /// Its share of the calls beside the model's other endpoints; above 0.
    package let weight: Double
    /// Calls at a time; nil for no limit.
    package let concurrency: Int?
    /// Calls a minute; nil for no limit.
    package let requestsPerMinute: Int?
    /// Tokens of prompts and answers a minute; nil for no limit.
    package let tokensPerMinute: Int?

    /// The name of the only endpoint of a model.
    package static let onlyName = "only"

    package init(
        _ endpoint: Endpoint, name: String = ModelEndpoint.onlyName, weight: Double = 1, concurrency: Int? = nil,
        requestsPerMinute: Int? = nil, tokensPerMinute: Int? = nil
    ) {
        self.name = name
        self.endpoint = endpoint
        self.weight = weight
        self.concurrency = concurrency
        self.requestsPerMinute = requestsPerMinute
        self.tokensPerMinute = tokensPerMinute
    }

    /// The name where it tells endpoints apart; nil for the only one.
    package var shownName: String? { name == Self.onlyName ? nil : name }
}

/// An endpoint of a model, by name.
package struct EndpointID: Hashable, Sendable {
    /// The model that is served.
    package let model: ModelID
    /// The endpoint's name.
    package let name: String

    package init(_ model: ModelID, _ name: String = ModelEndpoint.onlyName) {
        self.model = model
        self.name = name
    }
}
