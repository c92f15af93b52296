package import Domain

/// What a call for embeddings gets back.
package struct EmbeddingsReply: Sendable {
    package let decision: Decision
    package let model: ModelID
    package let cost: Money
    /// The answer as the model's server gave it.
    package let body: [UInt8]
}
