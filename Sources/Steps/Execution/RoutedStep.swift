package import Calls
package import Domain
package import Routing

/// A routed step before its execution: the request and the state machine of its rule.
package struct RoutedStep: Sendable {
    package var prepared: PreparedStep
    var machine: StepMachine
    /// The run's memory before the step.
    var memory: Sessions.Memory

    package init(prepared: PreparedStep, machine: StepMachine, memory: Sessions.Memory) {
        self.prepared = prepared
        self.machine = machine
        self.memory = memory
    }
}

/// A completed step.
package struct FinishedStep: Sendable {
    /// With the final decision and all attempts.
    package var prepared: PreparedStep
    package var outcome: StepOutcome
    /// Initial state of the run's next step.
    package var state: RunState
    /// Cost of the answer and of all helper calls.
    package var spent: Money
    package var joules: Double
    /// Duration of the step with all its calls.
    package var seconds = 0.0
}
