/// A capability that a step may need and a model may have.
package enum Capability: String, CaseIterable, Hashable, Sendable {
    /// Calls functions in the provider's tool format.
    case tools
    /// Follows a JSON schema given as `response_format`.
    case structuredOutput = "structured_output"
    case vision
    case audio
    /// Reads PDF files.
    case pdf
    /// Its server gives several answers to one call (`n`).
    case choices
    /// Thinks before it answers and bills the thinking.
    case reasoning
    case streaming
    /// Computes embeddings and generates no text. Such a model is called by name and never routed to.
    case embeddings
}

/// Whether a model's server caches a call's prompt, so that the next call of the run need not prefill it again.
package enum PromptCache: String, CaseIterable, Hashable, Sendable {
    case kept
    case none
}

/// Where a model runs.
package enum Placement: String, CaseIterable, Hashable, Sendable {
    /// On hardware of the operator, paid for by energy and amortisation.
    case edge
    /// At a provider, paid for by the token.
    case cloud
}

/// A published class of ability, the source of the prior for a model without a profile.
package enum QualityTier: String, CaseIterable, Hashable, Comparable, Sendable {
    /// Below 1B parameters.
    case tiny
    /// 1B to 4B.
    case small
    /// 7B to 15B, or a provider's smallest model.
    case medium
    /// 30B to 120B, or a provider's middle model.
    case large
    /// A provider's best.
    case frontier

    package static func < (left: QualityTier, right: QualityTier) -> Bool { left.rank < right.rank }

    /// 0 (tiny) to 4 (frontier).
    package var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}
