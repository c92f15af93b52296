package import Domain

/// A decision as it is kept, with the time and the account that it was made for.
package struct DecisionRecord: Hashable, Sendable {
    package var decision: Decision
    package var attribution: Attribution
    package var at: Timestamp

    package init(decision: Decision, attribution: Attribution, at: Timestamp) {
        self.decision = decision
        self.attribution = attribution
        self.at = at
    }
}
