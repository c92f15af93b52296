package import Domain

/// What the rule wants done. Every one has a reason that a person understands.
package enum RuleAction: Hashable, Sendable {
    /// Call this model for the step.
    case call(Verdict)
    /// Let `by` write what each of these models would answer next (text-generating SP).
    case predict(by: ModelID, of: [ModelID], reason: String)
    /// Ask `by` for the parts of the step (SD).
    case decompose(by: ModelID, reason: String)
    /// Do the step in parts, one after another, each on its own model.
    case split([Share], reason: String)
    /// The answer of this model, paid already, is the step's.
    case keep(ModelID, reason: String)
    /// Nobody is left who could answer.
    case giveUp(reason: String)
    /// The event does not belong here: nothing is to be done.
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

    /// A part of a step and who does it.
    package struct Share: Hashable, Sendable {
        package var text: String
        package var model: ModelID
        package var reason: String

        package init(text: String, model: ModelID, reason: String) {
            self.text = text
            self.model = model
            self.reason = reason
        }
    }

    package var reason: String {
        switch self {
        case .call(let verdict): verdict.reason
        case .predict(_, _, let reason), .decompose(_, let reason), .split(_, let reason), .keep(_, let reason),
            .giveUp(let reason), .ignored(let reason):
            reason
        }
    }
}
