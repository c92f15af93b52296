/// A further linear limit of a plan: the amounts of the chosen options sum to at most `most`.
///
/// Examples are carbon and a provider's tokens per minute. Amounts are `[step][model]`, finite and at least 0. The
/// entry of a model that cannot serve the step is ignored.
package struct AssignmentLimit: Sendable {
    package var name: String
    package var unit: String
    package var most: Double
    package var amounts: [[Double]]
    /// `[step][model]`: the amount that switching to a model adds. Empty: none. Counted only in programs whose
    /// `switching` is not empty.
    package var switching: [[Double]]

    package init(name: String, unit: String, most: Double, amounts: [[Double]], switching: [[Double]] = []) {
        self.name = name
        self.unit = unit
        self.most = most
        self.amounts = amounts
        self.switching = switching
    }
}

/// Identifies one limit of a program in errors, shadow prices and explanations. In descriptions, steps and paths count
/// from 1.
package enum LimitName: Sendable, Hashable, CustomStringConvertible {
    /// Sum of cost, nano-USD.
    case budget
    /// Sum of latency over one path of steps, seconds; `path` counts the program's `latencyPaths`, 0 for a chain.
    case deadline(path: Int)
    /// Sum of energy, joules.
    case energyCap
    /// Mean of the chosen options' accuracy, 0...1.
    case meanAccuracy
    /// Number of steps on one model.
    case slots(model: Int)
    /// One of the program's own `limits`, by its name.
    case other(String, unit: String)
    /// The accuracy floor (kappa) of one step, 0...1.
    case accuracyFloor(step: Int)
    /// The accuracy floors of all steps, moved together, 0...1.
    case accuracyFloors
    /// No model can serve this step.
    case noCandidate(step: Int)

    package var description: String {
        switch self {
        case .budget: "the budget"
        case .deadline(0): "the deadline"
        case .deadline(let path): "the deadline of path \(path + 1)"
        case .energyCap: "the energy cap"
        case .meanAccuracy: "the least mean accuracy"
        case .slots(let model): "the slots of model \(model)"
        case .other(let name, _): "the \(name)"
        case .accuracyFloor(let step): "the accuracy floor of step \(step + 1)"
        case .accuracyFloors: "every accuracy floor"
        case .noCandidate(let step): "step \(step + 1)"
        }
    }

    /// The unit of its values.
    package var unit: String {
        switch self {
        case .budget: "nanoUSD"
        case .deadline: "s"
        case .energyCap: "J"
        case .meanAccuracy, .accuracyFloor, .accuracyFloors: "probability"
        case .slots: "steps"
        case .other(_, let unit): unit
        case .noCandidate: "candidates"
        }
    }
}
