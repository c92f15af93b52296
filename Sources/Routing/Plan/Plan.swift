package import Domain

/// The assignment of a run's next steps, and the order in which this step's candidates are tried.
package struct Plan: Hashable, Sendable {
    /// The model of each step of the horizon, this one first.
    package var choices: [ModelID]
    /// This step's candidates in the order in which the rule tries them (docs/method.md, "the plan's order").
    package var order: [ModelID]
    /// The models that would do better than the reference if they did all of the plan's steps, the best first; empty
    /// where a step cannot be priced for them, or they are not expected to pass at each.
    package var wholes: [ModelID]
    /// The limits that cost something, by name; empty where none binds.
    package var binding: [String]
    /// What each of them does, in words: "the deadline binds: 3 of 8 steps would otherwise run on edge; ...".
    package var effects: [String]
    /// What the plan reckons with, so that it can be seen to drift; nil for a plan that is good for one step.
    package var forecast: PlanForecast?

    package init(
        choices: [ModelID], order: [ModelID], wholes: [ModelID] = [], binding: [String] = [], effects: [String] = [],
        forecast: PlanForecast? = nil
    ) {
        self.choices = choices
        self.order = order
        self.wholes = wholes
        self.binding = binding
        self.effects = effects
        self.forecast = forecast
    }
}
