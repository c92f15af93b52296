package import Domain

/// The rule's memory between the steps of a run. Callers keep one for each chain of steps.
package struct RunState: Hashable, Sendable {
    /// The model that URC gave the whole request to, while that holds.
    package var committed: ModelID?
    /// The next steps that SLE or CD gave to a model, while they last.
    package var span: Span?
    /// The last plan; nil if the next step needs a new one.
    ///
    /// It is kept apart: a plan takes about two kilobytes, and most of the many states in memory have none.
    package var plan: Plan? {
        get {
            guard case .plan(let plan)? = keptPlan else { return nil }
            return plan
        }
        set { keptPlan = newValue.map { .plan($0) } }
    }
    private var keptPlan: KeptPlan?
    /// Position of the last routed step, 0 before the first.
    package var position = 0
    /// The end of that step's message history.
    package var historyEnd: StepHistory.End?

    package init(committed: ModelID? = nil, span: Span? = nil, plan: Plan? = nil) {
        self.committed = committed
        self.span = span
        self.plan = plan
    }

    /// Ends what was promised to a model.
    mutating func release(from model: ModelID) {
        if committed == model { committed = nil }
        if span?.model == model { span = nil }
        plan = nil
    }

    private indirect enum KeptPlan: Hashable, Sendable {
        case plan(Plan)
    }
}

/// Steps that a look-ahead gave to one model.
package struct Span: Hashable, Sendable {
    package var model: ModelID
    /// `.sle` or `.cd`.
    package var stage: Stage
    /// Position of the commitment.
    package var from: Int
    /// The last position of the span.
    package var through: Int

    package init(model: ModelID, stage: Stage, from: Int, through: Int) {
        self.model = model
        self.stage = stage
        self.from = from
        self.through = through
    }
}
