package import Domain
package import JSON

extension CallLabels {
    /// Adds the labels of a request's body to those of its headers, which name the user first.
    ///
    /// The user is `user`, `safety_identifier`, or `user_id` in Anthropic's `metadata`. Each text in `metadata` of OpenAI's
    /// interfaces is a tag `name=value`, in the order of the members until there are enough. Members of other kinds,
    /// and texts that are too long, are none.
    ///
    /// - Parameter names: the members of `metadata` that may be tags; nil for all.
    package func adding(_ body: JSONValue, tagsNamed names: Set<String>? = nil) throws(FieldError) -> CallLabels {
        var labels = self
        let metadata = body["metadata"].flatMap { $0.kind == .object ? $0 : nil }
        if labels.user == nil { try labels.setUser(body, metadata) }
        guard let metadata else { return labels }
        for member in metadata.members where member.key != Self.anthropicUser {
            guard names?.contains(member.key) ?? true, let value = member.value.string else { continue }
            // Values may have lines, tags have not.
            let tag = "\(member.key)=\(value)".map { $0.isNewline || $0 == "\t" ? " " : $0 }
            // Clients write it for other readers: what is no tag stays a part of the request.
            try? labels.add(String(tag), field: "metadata")
        }
        return labels
    }

    /// The member of Anthropic's `metadata`.
    private static let anthropicUser = "user_id"

    private mutating func setUser(_ body: JSONValue, _ metadata: JSONValue?) throws(FieldError) {
        for name in ["user", "safety_identifier"] {
            if let text = body[name]?.string, !text.isEmpty { return try setUser(text, field: name) }
        }
        guard let text = metadata?[Self.anthropicUser]?.string else { return }
        try setUser(ClaudeCode.user(in: text), field: "metadata.user_id")
    }
}
