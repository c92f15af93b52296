package import Calls
package import Dialects
package import Domain

/// The reply to a chat call.
package struct ChatReply: Sendable {
    /// The answer: all of it, or its events as they come.
    package enum Body: Sendable {
        /// - Parameter openAIBytes: the server's bytes where they are in OpenAI's format.
        case complete(ChatAnswer, openAIBytes: [UInt8]?)
        case stream(EventChannelReader)
    }

    package let decision: Decision
    /// The model that answered; nil for a stream that began before its answer was verified.
    package let model: ModelID?
    /// The true cost of all calls that the answer took; nil for a stream, which begins before its cost is known.
    package let cost: Money?
    /// The estimate of routing.
    package let promptTokens: Int
    /// When the answer was there, or its stream began.
    package let at: Timestamp
    package let body: Body
}
