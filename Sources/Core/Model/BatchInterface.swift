/// The interface for whole batches that a provider has: many calls at once, answered within a day, at a lower price.
package enum BatchInterface: String, CaseIterable, Hashable, Sendable {
    /// `POST /files` and `POST /batches`, as at OpenAI.
    case openAI = "openai"
    /// `POST /messages/batches`, as at Anthropic.
    case anthropic
}
