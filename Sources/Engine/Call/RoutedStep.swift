import Domain
import Routing

/// A step that has been routed and not been done yet: what is sent, and the rule that goes on with it.
package struct RoutedStep: Sendable {
    package var order: PreparedStep
    var course: StepMachine
    /// What was known of the run before the step.
    var memory: Sessions.Memory
}

/// A step that has been done.
struct FinishedStep: Sendable {
    /// With the decision as it came out, every attempt in it.
    var order: PreparedStep
    var outcome: StepOutcome
    /// What the run's next step begins with.
    var state: RunState
    /// Everything that was paid on the way and for the answer.
    var spent: Money
    var joules: Double
}
