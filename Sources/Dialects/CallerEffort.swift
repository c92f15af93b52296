import Domain
import JSON

extension AskedEffort {
    /// Members of OpenAI's chat format, and of servers that speak it, which set the effort.
    private static let members = [
        "reasoning_effort", "reasoning", "verbosity", "thinking", "thinking_budget", "enable_thinking",
        "include_reasoning", "chat_template_kwargs",
    ]

    /// What a request says of the model's effort; nil where it says nothing.
    ///
    /// - Parameters:
    ///   - root: the body in OpenAI's chat format.
    ///   - original: the body as the client sent it in Anthropic's format, if it did.
    init?(_ root: JSONValue, original: JSONValue?) {
        func has(_ value: JSONValue?) -> Bool { value.map { !$0.isNull } ?? false }
        let isSet = Self.members.contains { has(root[$0]) }
        let config = original?["output_config"]?["effort"]
        let thinking = original?["thinking"]
        guard isSet || has(config) || has(thinking) else { return nil }
        let name = root["reasoning_effort"] ?? root["reasoning"]?["effort"] ?? config
        if let effort = name?.string.flatMap({ MeasuredEffort(rawValue: $0) }), effort.rank != nil {
            self.init(effort)
        } else if (thinking ?? root["thinking"])?["type"]?.isString("disabled") == true {
            self.init(MeasuredEffort.none)
        } else if let budget = thinking?["budget_tokens"]?.integer {
            self.init(Self.level(ofBudget: budget))
        } else {
            self.init(nil)
        }
    }

    /// The level whose thinking takes about that many tokens.
    private static func level(ofBudget tokens: Int64) -> MeasuredEffort {
        switch tokens {
        case ..<4_000: .low
        case ..<16_000: .medium
        default: .high
        }
    }
}
