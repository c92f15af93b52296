package import Domain

/// A batch as its provider last described it.
package struct ProviderBatch: Hashable, Sendable {
    /// How far a batch is.
    package enum Phase: Hashable, Sendable {
        /// Being checked, worked on, or written out.
        case underWay
        /// Being stopped; rows that are being answered may still be answered, and billed.
        case cancelling
        /// Over: every row has a result.
        case ended
        /// Refused as a whole, with the provider's reason; no row was answered or billed.
        case failed(reason: String)
        /// Over because the day ran out; rows that were answered before have results, and are billed.
        case expired
        /// Stopped; rows that were answered before have results, and are billed.
        case cancelled
    }

    /// The provider's name for it.
    package var id: String
    package var phase: Phase
    /// Rows answered so far.
    package var completed: Int
    /// Rows that ended without an answer so far.
    package var failed: Int
    /// Rows in all; 0 where the provider has not counted them yet.
    package var total: Int
    /// Where the results are: OpenAI's files of answers and errors, Anthropic's address. Empty before the end, and where
    /// there are none.
    package var resultFiles: [String]
    /// Our name for it (``ProviderBatchSubmission/name``); nil at providers that keep no names.
    package var name: String?
    /// When the provider took it, by the provider's clock; nil where it does not say.
    package var createdAt: Timestamp?

    package init(
        id: String, phase: Phase, completed: Int, failed: Int, total: Int, resultFiles: [String] = [],
        name: String? = nil, createdAt: Timestamp? = nil
    ) {
        self.id = id
        self.phase = phase
        self.completed = completed
        self.failed = failed
        self.total = total
        self.resultFiles = resultFiles
        self.name = name
        self.createdAt = createdAt
    }

    /// Whether nothing more will come of it: what results there are can be read.
    package var isOver: Bool {
        switch phase {
        case .underWay, .cancelling: false
        case .ended, .failed, .expired, .cancelled: true
        }
    }
}
