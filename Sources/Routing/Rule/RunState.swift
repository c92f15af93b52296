package import Core

/// What the rule remembers of a run from step to step.
package struct RunState: Hashable, Sendable {
    /// The model that the whole request was given to by URC, while it holds.
    package var committed: ModelID?
    /// The plan made last.
    package var plan: Plan?

    package init(committed: ModelID? = nil, plan: Plan? = nil) {
        self.committed = committed
        self.plan = plan
    }
}
