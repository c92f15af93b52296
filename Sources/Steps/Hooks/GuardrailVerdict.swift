import JSON
import Upstream

/// What a guardrail says of some texts, in the format of LiteLLM's generic guardrail API.
enum GuardrailVerdict: Hashable {
    /// `NONE`: they may pass.
    case allow
    /// `GUARDRAIL_INTERVENED`: others stand in their place, as many and in the same order.
    case redact([String])
    /// `BLOCKED`, with the reason as one line.
    case refuse(reason: String)

    /// Reads `{action, blocked_reason?, texts?}`.
    ///
    /// - Parameter count: the texts that were sent.
    init(_ body: [UInt8], count: Int) throws(GuardrailFault) {
        guard let root = (try? JSONDocument(body))?.root, root.kind == .object else {
            throw GuardrailFault("its answer is no JSON object")
        }
        switch root["action"]?.string {
        case "NONE": self = .allow
        case "BLOCKED":
            let reason = FailureText.clean(root["blocked_reason"]?.string ?? "")
            self = .refuse(reason: reason.isEmpty ? "it gives no reason" : reason)
        case "GUARDRAIL_INTERVENED":
            guard let list = root["texts"], list.kind == .array else {
                throw GuardrailFault("its answer changes something and has no `texts`")
            }
            let texts = list.elements.compactMap(\.string)
            guard texts.count == count, list.count == count else {
                throw GuardrailFault("its answer must have \(count) texts in `texts`, as many as it was sent")
            }
            self = .redact(texts)
        default: throw GuardrailFault("its `action` must be NONE, GUARDRAIL_INTERVENED or BLOCKED")
        }
    }
}

/// Why a guardrail gave no verdict, for the log: without texts and secrets.
struct GuardrailFault: Error, Hashable, CustomStringConvertible {
    let description: String
    /// Whether another try may help.
    var isPassing = false

    init(_ description: String, isPassing: Bool = false) {
        self.description = description
        self.isPassing = isPassing
    }
}
