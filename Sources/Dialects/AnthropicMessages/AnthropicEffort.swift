import Domain
import JSON

extension AnthropicWire {
    /// A body in Anthropic's format that asks for a level of effort.
    ///
    /// Beside thinking, these servers take no other temperature, `top_p` below 0.95 or `top_k`, so these are left out.
    /// A budget of thinking is part of `max_tokens`; where that leaves no room for it, the body stays as it is.
    static func body(_ bytes: [UInt8], asking effort: EffortParameters) -> [UInt8] {
        guard let document = try? JSONDocument(bytes) else { return bytes }
        var members: [(key: String, value: [UInt8])] = []
        if let level = effort.reasoningEffort {
            let member = [(key: "effort", value: JSONWriter.quoted(level))]
            let config = document.root["output_config"].flatMap { try? JSONDocument(Array($0.raw)) }
            let alone = Array("{\"effort\":".utf8) + member[0].value + Array("}".utf8)
            members.append(("output_config", config?.settingMembers(member) ?? alone))
        }
        if let budget = effort.thinkingTokens {
            guard let limit = document.root["max_tokens"]?.integer, limit > budget else { return bytes }
            members.append(("thinking", Array("{\"type\":\"enabled\",\"budget_tokens\":\(budget)}".utf8)))
        } else if let thinking = effort.thinking {
            members.append(("thinking", Array("{\"type\":\"\(thinking.rawValue)\"}".utf8)))
        }
        guard !members.isEmpty else { return bytes }
        return document.settingMembers(members, removing: effort.thinks ? ["temperature", "top_p", "top_k"] : [])
    }
}
