package import JSON
package import Upstream

/// Finds out of a server's refusal what of the request it did not take, and how the request can do without.
package enum RefusalReader {
    /// Members that do not change what is asked, only how it is sampled, kept or accounted for.
    private static let optional = [
        "temperature", "top_p", "top_k", "top_a", "min_p", "typical_p", "frequency_penalty", "presence_penalty",
        "repetition_penalty", "seed", "store", "metadata", "user", "safety_identifier", "prompt_cache_key",
        "prompt_cache_retention", "service_tier", "reasoning_effort", "reasoning", "include_reasoning", "verbosity",
        "thinking", "thinking_budget", "enable_thinking", "chat_template_kwargs", "stream_options",
        "context_management", "cache_control", "transforms", "provider", "keep_alive",
    ]
    /// Values that say the same as leaving the member out.
    private static let defaults: [String: [String]] = [
        "n": ["1"], "logprobs": ["false"], "top_logprobs": ["0"], "tool_choice": [#""auto""#],
        "parallel_tool_calls": ["true"], "stop": ["[]"], "stop_sequences": ["[]"], "logit_bias": ["{}"],
        "response_format": [#"{"type":"text"}"#], "modalities": [#"["text"]"#], "tools": ["[]"], "echo": ["false"],
        "stream": ["false"],
    ]
    /// Members that say what is asked.
    private static let meant: Set<String> =
        Set(defaults.keys).union(AnswerLimit.names).union([
            "model", "messages", "input", "system", "functions", "function_call", "audio", "output_config",
            "output_format",
        ])
    private static let inMessages = [
        "reasoning_content", "reasoning_details", "reasoning", "thinking_blocks", "refusal", "annotations",
        "cache_control", "extra_content", "provider_specific_fields", "logprobs", "name",
    ]
    private static let inTools = ["strict", "cache_control", "defer_loading"]
    /// Words of an id's form, and words that say that an id is missing instead.
    private static let forms = [
        "pattern", "match", "length", "format", "invalid", "must be", "character", "alphanumeric", "a-z", "too long",
        "maximum", "expected",
    ]
    private static let missing = ["must be followed", "did not have", "not found", "no tool call", "missing"]

    /// The changes without which the server will not take the request; empty where the refusal names nothing that may be
    /// changed. Each changes something, so that asking again comes to an end.
    ///
    /// A value that is out of range or malformed is its caller's to correct. It is no reason to leave a member out.
    package static func mends(after failure: UpstreamFailure, in body: JSONDocument) -> [RequestMend] {
        guard [400, 422, 500, 501].contains(failure.status), !failure.isContextOverflow else { return [] }
        let words = RefusalWords(failure)
        var mends = roles(words, body)
        // A failing server names a role where its chat template does not know it, and nothing else of the request.
        guard mends.isEmpty, failure.status < 500 else { return mends.filter { $0.applied(to: body) != nil } }
        for find in [ids, keywords, content, nested, limits, members] where mends.isEmpty {
            mends = find(words, body).filter { $0.applied(to: body) != nil }
        }
        return mends
    }

    private static func roles(_ words: RefusalWords, _ body: JSONDocument) -> [RequestMend] {
        guard words.has("role") || words.has("developer") || words.has("system message") else { return [] }
        let present = Set(body.root["messages"]?.elements.compactMap { $0["role"]?.string } ?? [])
        if present.contains("developer") { return [.developerIsSystem] }
        // Gemma's servers call the system's words a developer's instruction.
        let isOfSystem = words.has("system") || words.has("instruction")
        return present.contains("system") && isOfSystem ? [.systemIsUser] : []
    }

    private static func ids(_ words: RefusalWords, _ body: JSONDocument) -> [RequestMend] {
        let isOfID =
            words.has("tool_call_id") || words.has("tool_use_id") || words.has("tool_use.id")
            || words.has("tool call id") || words.has("tool_calls") && words.has("id")
        return isOfID && forms.contains(where: words.has) && !missing.contains(where: words.has) ? [.shortIDs] : []
    }

    private static func keywords(_ words: RefusalWords, _ body: JSONDocument) -> [RequestMend] {
        let isOfSchema = ["schema", "propert", "keyword", "unknown name", "function_declarations", "parameters"]
            .contains(
                where: words.has)
        return (ToolMend.annotations + ToolMend.constraints).filter {
            words.quotes($0) || isOfSchema && words.names($0)
        }.map { .omitKeyword($0) }
    }

    private static func content(_ words: RefusalWords, _ body: JSONDocument) -> [RequestMend] {
        guard words.has("content"), ["string", "null", "none", "empty", "required"].contains(where: words.has) else {
            return []
        }
        return [.plainContent]
    }

    private static func nested(_ words: RefusalWords, _ body: JSONDocument) -> [RequestMend] {
        guard !words.isOfValue else { return [] }
        return inMessages.filter { words.refuses($0) && (words.has("message") || body.root[$0] == nil) }
            .map { .omitInMessages($0) } + inTools.filter(words.refuses).map { .omitInTools($0) }
    }

    /// Another name of the answer's limit, or a lower limit.
    private static func limits(_ words: RefusalWords, _ body: JSONDocument) -> [RequestMend] {
        let present = AnswerLimit.names.filter { body.root[$0] != nil }
        guard let asked = present.compactMap({ body.root[$0]?.integer }).max(),
            AnswerLimit.names.contains(where: words.names)
        else { return [] }
        let isTooLarge = [
            "too large", "too big", "at most", "maximum", "less than", "<=", "exceed", "greater than", "larger than",
            "range", "up to", "between", ">",
        ].contains(where: words.has)
        if isTooLarge, let most = words.numbers.filter({ $0 >= 16 && $0 < asked }).max() {
            return [.limitAnswer(Int(most))]
        }
        guard !words.isOfValue,
            let refused = present.first(where: words.isField) ?? present.first(where: words.names)
        else { return [] }
        if let other = present.first(where: { $0 != refused }) { return [.rename(refused, to: other)] }
        return [.rename(refused, to: refused == "max_tokens" ? "max_completion_tokens" : "max_tokens")]
    }

    /// Members of a body that are looked for in a refusal; requests have far fewer.
    private static let mostMembers = 1000

    private static func members(_ words: RefusalWords, _ body: JSONDocument) -> [RequestMend] {
        var mends: [RequestMend] = []
        var names: [String] = []
        for member in body.root.members.prefix(mostMembers) where words.names(member.key) && !names.contains(member.key)
        {
            guard let found = mend(of: member.key, member.value, words) else { continue }
            names.append(member.key)
            mends.append(found)
        }
        // Two that exclude each other are not both at fault.
        guard let kept = names.first, names.count > 1, words.has("both") else { return mends }
        return names.dropFirst().map { .omitBeside($0, kept) }
    }

    /// How the request does without a member, for calls with any value where the server takes none.
    private static func mend(of name: String, _ value: JSONValue, _ words: RefusalWords) -> RequestMend? {
        let isUnneeded = optional.contains(name) && words.refuses(name)
        let isUnknown = !meant.contains(name) && words.doesNotKnow(name)
        if !words.isOfValue, isUnneeded || isUnknown { return .omit(name) }
        guard value.isNull || defaults[name] != nil, words.refuses(name) else { return nil }
        let text = value.compactText
        return value.isNull || defaults[name]?.contains(text) == true ? .omitValue(name, text) : nil
    }
}
