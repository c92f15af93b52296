package import Core

/// The assignment of a run's next steps, and the order in which this step's candidates are tried.
package struct Plan: Hashable, Sendable {
    /// The position that the first choice is for.
    package var position: Int
    /// The model of each step of the horizon, this one first.
    package var choices: [ModelID]
    /// This step's usable candidates: the plan's choice, then by rising weighted objective.
    package var order: [ModelID]
    /// The limits that cost something, in words; empty where none binds.
    package var binding: [String]
    /// What the plan expects the step to cost, by position from `position`.
    package var expectedCost: Money
    /// How it was found, and how far from optimal it can be (a fraction).
    package var method: String
    package var gap: Double
}
