package import Core

/// What a chat call gets back.
package struct ChatReply: Sendable {
    /// The answer's bytes: all of them, or as they come.
    package enum Body: Sendable {
        case complete([UInt8])
        case stream(RelayReader)
    }

    package let decision: Decision
    /// The model that answered.
    package let model: ModelID
    /// The true cost; nil for a stream, whose cost is not known at its beginning.
    package let cost: Money?
    package let body: Body
}
