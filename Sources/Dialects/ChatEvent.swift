import Domain
import JSON
package import Upstream

/// One event of a chat stream, in OpenAI's format.
package struct ChatEvent: Hashable, Sendable {
    /// What an event brings.
    package enum Kind: Hashable, Sendable {
        /// A piece of text (empty for a role, a finish reason, or a tool call).
        case delta(text: String)
        /// The usage and nothing else: not for callers that did not ask for it.
        case usage
        /// `[DONE]`.
        case done
        /// The server broke off; nothing follows.
        case failure(UpstreamFailure)
    }

    package let kind: Kind
    /// The data of the event, byte for byte as an OpenAI server sent it (or translated): a chunk's JSON or `[DONE]`.
    package let data: [UInt8]
    /// Whether it is a usage at the beginning, of the prompt alone: for callers whose format has such a one.
    package let isEarly: Bool

    package init(kind: Kind, data: [UInt8], isEarly: Bool = false) {
        self.kind = kind
        self.data = data
        self.isEarly = isEarly
    }

    /// The event as it goes on the wire, empty line included.
    package var wireBytes: [UInt8] { SSEEvent.encode(data: data) }

    /// `[DONE]`
    static let done = ChatEvent(kind: .done, data: Array("[DONE]".utf8))
}
