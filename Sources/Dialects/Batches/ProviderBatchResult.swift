package import Upstream

/// What came of one row.
package struct ProviderBatchResult: Sendable {
    /// How a row ended. Only answered rows are billed by OpenAI and Anthropic; an unreadable one may have been.
    package enum Outcome: Sendable {
        /// The answer, and its bytes in OpenAI's format.
        case answered(ChatAnswer, body: [UInt8])
        case failed(UpstreamFailure)
        /// Not begun when the day ran out.
        case expired
        /// Not begun when the batch was cancelled.
        case cancelled
        /// The provider wrote something for it that is no result, for the reason given.
        case unreadable(reason: String)
    }

    package let customID: String
    package let outcome: Outcome

    package init(customID: String, outcome: Outcome) {
        self.customID = customID
        self.outcome = outcome
    }
}

/// One line of a provider's results.
package enum ProviderBatchLine: Sendable {
    case result(ProviderBatchResult)
    /// A line that does not even tell its row: its number (from 1) in the file, and what is wrong. The others go on.
    case unreadable(line: Int, reason: String)
}
