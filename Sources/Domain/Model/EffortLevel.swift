/// A setting of a model's effort: how it is asked for, and how long the answers get.
///
/// Each level is a way of asking of its own, with its own predicted quality, tokens, seconds and price.
package struct EffortLevel: Hashable, Sendable {
    /// The level; one of `MeasuredEffort.levels`.
    package let effort: MeasuredEffort
    /// What asks the model's server for it. Empty for a server that works at this level unasked.
    package let parameters: EffortParameters
    /// Multiple of the tokens that a model without reasoning writes, thinking included; above 0.
    package let length: Double
    /// Where the length comes from.
    package let source: String

    package init(effort: MeasuredEffort, parameters: EffortParameters, length: Double, source: String) {
        self.effort = effort
        self.parameters = parameters
        self.length = length
        self.source = source
    }
}

/// What asks a server for a level of effort, in words that each dialect has its own member for.
package struct EffortParameters: Hashable, Sendable {
    /// `reasoning_effort` in OpenAI's chat format, `output_config.effort` in Anthropic's.
    package var reasoningEffort: String?
    /// `thinking.type`: `enabled`, `adaptive` or `disabled`.
    package var thinking: ThinkingMode?
    /// `thinking.budget_tokens`: most tokens of thinking, part of the answer's limit. Anthropic's format alone.
    package var thinkingTokens: Int?
    /// `verbosity` in OpenAI's chat format.
    package var verbosity: String?

    package init(
        reasoningEffort: String? = nil, thinking: ThinkingMode? = nil, thinkingTokens: Int? = nil,
        verbosity: String? = nil
    ) {
        self.reasoningEffort = reasoningEffort
        self.thinking = thinking
        self.thinkingTokens = thinkingTokens
        self.verbosity = verbosity
    }

    /// Whether nothing is asked for.
    package var isEmpty: Bool { self == EffortParameters() }

    /// Whether the answer begins with blocks of thinking, which a server of Anthropic's format takes for a whole turn.
    package var thinks: Bool { thinking.map { $0 != .disabled } ?? (thinkingTokens != nil) }
}

/// Whether a model thinks before it answers.
package enum ThinkingMode: String, CaseIterable, Hashable, Sendable {
    /// It thinks, within a budget of tokens.
    case enabled
    /// It decides by itself how long.
    case adaptive
    /// It answers at once.
    case disabled
}

/// The effort that a caller has set for a step.
package struct AskedEffort: Hashable, Sendable {
    /// The level in the words of the catalog; nil for a setting that has no name there.
    package var effort: MeasuredEffort?

    package init(_ effort: MeasuredEffort?) {
        self.effort = effort
    }
}

extension MeasuredEffort {
    /// The settings that a model can have, the least effort first.
    package static let levels: [MeasuredEffort] = [.none, .minimal, .low, .medium, .high, .xhigh, .max]

    /// The place among `levels`; nil for the two that a source has not named.
    package var rank: Int? { Self.levels.firstIndex(of: self) }
}

extension Model {
    /// The level at which the model works where nothing is asked of it.
    package var ownEffort: MeasuredEffort { published?.effort ?? .standard }

    /// The level of that name; nil where the catalog has none.
    package func level(_ effort: MeasuredEffort) -> EffortLevel? { efforts.first { $0.effort == effort } }

    /// Length of an answer at a level over that at the model's own one.
    package func lengthRatio(at level: EffortLevel) -> Double {
        let own = self.level(ownEffort)?.length ?? published?.lengths?.factor ?? 1
        return own > 0 ? level.length / own : 1
    }
}
