package import Domain

/// What the rule remembers of a run from step to step. A caller keeps one for each chain of steps.
package struct RunState: Hashable, Sendable {
    /// The model that the whole request was given to by URC, while it holds.
    package var committed: ModelID?
    /// The next steps that SLE or CD gave to a model, while they last.
    package var span: Span?
    /// The plan made last; nil where the next step needs a new one.
    package var plan: Plan?
    /// Position of the step routed last, 0 before the first.
    package var position = 0
    /// Where the messages of that step ended.
    package var historyEnd: StepHistory.End?

    package init(committed: ModelID? = nil, span: Span? = nil, plan: Plan? = nil) {
        self.committed = committed
        self.span = span
        self.plan = plan
    }
}

/// Steps that a look-ahead gave to one model.
package struct Span: Hashable, Sendable {
    package var model: ModelID
    /// `.sle` or `.cd`.
    package var stage: Stage
    /// Position at which it was committed.
    package var from: Int
    /// The last position that belongs to it.
    package var through: Int

    package init(model: ModelID, stage: Stage, from: Int, through: Int) {
        self.model = model
        self.stage = stage
        self.from = from
        self.through = through
    }
}
