package import Domain

/// The next action of the sequential rule. Each has a reason for operators and callers.
package enum RuleAction: Hashable, Sendable {
    /// Call this model for the step.
    case call(Verdict)
    /// Call the model that has just answered once more, to see whether its answers agree.
    case sample(ModelID, reason: String)
    /// Let `by` write the expected next answer of each of these models (text-generating SP).
    case predict(by: ModelID, of: [ModelID], reason: String)
    /// Ask `by` for the parts of the step (SD).
    case decompose(by: ModelID, reason: String)
    /// Do the step in parts, in sequence, each on its own model.
    case split([Share], reason: String)
    /// Use the paid answer of this model for the step.
    case keep(ModelID, reason: String)
    /// No model is left that could answer.
    case abandon(reason: String)
    /// The event does not apply: do nothing.
    case ignored(reason: String)

    /// A model for the step, and the stage that chose it.
    package struct Verdict: Hashable, Sendable {
        package var model: ModelID
        package var stage: Stage
        package var reason: String

        package init(model: ModelID, stage: Stage, reason: String) {
            self.model = model
            self.stage = stage
            self.reason = reason
        }
    }

    /// A part of a step with its model.
    package struct Share: Hashable, Sendable {
        package var text: String
        package var model: ModelID
        package var reason: String
    }

    package var reason: String {
        switch self {
        case .call(let verdict): verdict.reason
        case .sample(_, let reason), .predict(_, _, let reason), .decompose(_, let reason), .split(_, let reason),
            .keep(_, let reason),
            .abandon(let reason), .ignored(let reason):
            reason
        }
    }
}
