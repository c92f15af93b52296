package import Calls
package import Domain

/// What a chat call gets back.
package struct ChatReply: Sendable {
    /// The answer: all of it, or its events as they come.
    package enum Body: Sendable {
        case complete([UInt8])
        case stream(EventChannelReader)
    }

    package let decision: Decision
    /// The model that answered; nil for a stream that began before its answer was verified.
    package let model: ModelID?
    /// The true cost of everything that was paid for the answer; nil for a stream, whose cost is not known at its beginning.
    package let cost: Money?
    /// About how many tokens the prompt has, as routing reckoned.
    package let promptTokens: Int
    package let body: Body
}
