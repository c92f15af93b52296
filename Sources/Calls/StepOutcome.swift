package import Dialects
package import Domain
package import Ledger
package import Upstream

/// A step that a model has answered.
package struct StepOutcome: Sendable {
    /// The model that answered, which may be another than the one decided on.
    package var model: ModelID
    package var answer: ChatAnswer
    /// The answer in OpenAI's format: whole, the events of a stream that was held back, or empty where it was streamed.
    package var body: [UInt8]
    package var figures: CallFigures
    package var entryID: String
    /// What has to be written to the ledger to settle the step, together with whatever else belongs to it.
    package var commit: StepCommit
    /// Set where a stream broke off: what the client was told.
    package var failure: UpstreamError?
}

/// Where a stream goes while it comes.
package struct StreamDelivery: Sendable {
    package let relay: ByteChannel
    /// Whether the caller asked for the chunk with the usage.
    package let wantsUsage: Bool
    /// Whether the bytes are kept until the answer has been verified, instead of going out as they come.
    package let isHeldBack: Bool
    /// Called once, when the answer has begun and its model is known.
    package let began: @Sendable (ModelID) -> Void

    package init(
        relay: ByteChannel, wantsUsage: Bool, isHeldBack: Bool = false, began: @escaping @Sendable (ModelID) -> Void
    ) {
        self.relay = relay
        self.wantsUsage = wantsUsage
        self.isHeldBack = isHeldBack
        self.began = began
    }
}
