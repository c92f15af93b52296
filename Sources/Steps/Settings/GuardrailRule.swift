import JSON

/// When a guardrail is asked: the section `guardrail` of the settings.
package struct GuardrailRule: Hashable, Sendable {
    /// What becomes of a call whose guardrail gives no verdict.
    package enum FailureRule: String, CaseIterable, Sendable {
        /// It goes on unchecked.
        case open
        /// It ends with an error.
        case closed
    }

    /// The server that is asked.
    package let hook: Hook
    /// Whether it is asked before a call, with the texts of the messages.
    package let checksRequests: Bool
    /// Whether it is asked after a call, with the texts of the answer. Streams are held back until then.
    package let checksAnswers: Bool
    /// What becomes of a call where it gives no verdict.
    package let onFailure: FailureRule
    /// Bytes of the texts that it is sent at most. More than that is no verdict.
    package let textBytes: Int

    /// A guardrail of these parts.
    package init(
        hook: Hook, checksRequests: Bool = true, checksAnswers: Bool = false, onFailure: FailureRule = .closed,
        textBytes: Int = 4 << 20
    ) {
        self.hook = hook
        self.checksRequests = checksRequests
        self.checksAnswers = checksAnswers
        self.onFailure = onFailure
        self.textBytes = textBytes
    }

    /// Reads `{url, key_env?, secret_env?, timeout_s?, before?, after?, on_failure?, text_bytes?}`.
    init(json: JSONValue) throws(FieldError) {
        let path = "guardrail"
        let own = ["before", "after", "on_failure", "text_bytes"]
        let fields = try FieldReader(json, path: path, known: Hook.members + own)
        self.init(
            hook: try Hook(json: json, path: path, others: own),
            checksRequests: try fields.boolean("before") ?? true, checksAnswers: try fields.boolean("after") ?? false,
            onFailure: try fields.choice("on_failure", of: FailureRule.self) ?? .closed,
            textBytes: try fields.integer("text_bytes", in: 1024...1 << 30) ?? 4 << 20)
        guard checksRequests || checksAnswers else {
            throw FieldError(fields.path("before"), "is false, and so is `after`: then nothing is ever checked")
        }
    }
}
