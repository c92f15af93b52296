package import Calls
package import Domain
package import Routing

/// A step that has been routed and not been done yet: what is sent, and the rule that goes on with it.
package struct RoutedStep: Sendable {
    package var order: PreparedStep
    var machine: StepMachine
    /// What was known of the run before the step.
    var memory: Sessions.Memory

    package init(order: PreparedStep, machine: StepMachine, memory: Sessions.Memory) {
        self.order = order
        self.machine = machine
        self.memory = memory
    }
}

/// A step that has been done.
package struct FinishedStep: Sendable {
    /// With the decision as it came out, every attempt in it.
    package var order: PreparedStep
    package var outcome: StepOutcome
    /// What the run's next step begins with.
    package var state: RunState
    /// Everything that was paid on the way and for the answer.
    package var spent: Money
    package var joules: Double
}
