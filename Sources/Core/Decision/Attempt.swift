/// One answer that was paid for, or asked for, on the way to a step's own: the live end of a decision.
package struct Attempt: Hashable, Sendable {
    package var model: ModelID
    /// Probability, 0...1, that the answer is acceptable (`verify_m`); nil where nothing scored it.
    package var score: Double?
    /// The threshold that the score was held against; nil where it was only recorded.
    package var kappa: Double?
    /// Whether this is the answer that the step got.
    package var isAccepted: Bool
    /// What was found, in words for a person.
    package var words: String
    /// The ledger's entry that booked it; nil where nothing was billed.
    package var entryID: String?

    package init(
        model: ModelID, score: Double? = nil, kappa: Double? = nil, isAccepted: Bool, words: String,
        entryID: String? = nil
    ) {
        self.model = model
        self.score = score
        self.kappa = kappa
        self.isAccepted = isAccepted
        self.words = words
        self.entryID = entryID
    }
}
