package import Dialects
package import Domain
package import Ledger
package import Upstream

/// A step that a model has answered.
package struct StepOutcome: Sendable {
    /// The model that answered, which may be another than the one decided on.
    package var model: ModelID
    /// The name of the endpoint that answered; nil where the model has one only.
    package var endpoint: String?
    package var answer: ChatAnswer
    /// The bytes of a whole answer whose server wrote OpenAI's format.
    package var openAIBytes: [UInt8]?
    /// The events of a stream that was held back for verification.
    package var held: [ChatEvent] = []
    package var figures: CallFigures
    package var entryID: String
    /// What settles the step in the ledger, to be written in one transaction.
    package var commit: StepCommit
    /// Why a stream broke off, as reported to the client.
    package var failure: UpstreamError?

    /// The answer's body in OpenAI's format.
    package var body: [UInt8] { OpenAIWriter.body(of: answer, openAIBytes: openAIBytes) }
}

/// Where a stream goes, and which of its events.
package struct StreamDelivery: Sendable {
    package let channel: EventChannel
    /// Whether the client asked for the usage at the end.
    package let wantsUsage: Bool
    /// Whether the client's dialect starts with the usage of the prompt.
    package let wantsEarlyUsage: Bool
    /// Whether the events are kept until the answer has been verified, instead of going out as they come.
    package let isHeldBack: Bool
    /// Called once, when the answer has begun and its model is known.
    package let began: @Sendable (ModelID) -> Void

    package init(
        channel: EventChannel, wantsUsage: Bool, wantsEarlyUsage: Bool = false, isHeldBack: Bool = false,
        began: @escaping @Sendable (ModelID) -> Void
    ) {
        self.channel = channel
        self.wantsUsage = wantsUsage
        self.wantsEarlyUsage = wantsEarlyUsage
        self.isHeldBack = isHeldBack
        self.began = began
    }

    /// Whether the client gets a server's event. `StepService` sends the end after the commit, and failures itself.
    package func forwards(_ event: ChatEvent) -> Bool {
        switch event.kind {
        case .delta: true
        case .usage: event.isEarly ? wantsEarlyUsage : wantsUsage
        case .done, .failure, .comment: false
        }
    }
}
