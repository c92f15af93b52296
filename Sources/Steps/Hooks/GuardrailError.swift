import Calls

/// Why a guardrail ends a call.
package enum GuardrailError: CodedError {
    /// When it was asked.
    package enum Stage: String, Hashable, Sendable {
        /// Before the call: nothing is billed.
        case before
        /// After the call, whose cost is booked.
        case after
    }

    /// It refuses the messages, or the answer; with its reason.
    case refused(Stage, reason: String)
    /// It gave no verdict, and the settings let nothing pass then.
    case unavailable(Stage)

    /// For the caller, with the guardrail's own reason.
    package var description: String {
        switch self {
        case .refused(.before, let reason): "the guardrail refuses the request: \(reason)"
        case .refused(.after, let reason): "the guardrail refuses the answer: \(reason)"
        case .unavailable(.before): "the guardrail gave no verdict on the request; nothing was sent to a model"
        case .unavailable(.after): "the guardrail gave no verdict on the answer, which is booked"
        }
    }

    /// `guardrail_refused` or `guardrail_unavailable`.
    package var code: String {
        switch self {
        case .refused: "guardrail_refused"
        case .unavailable: "guardrail_unavailable"
        }
    }
}
