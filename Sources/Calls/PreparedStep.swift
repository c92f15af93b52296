package import Dialects
package import Domain
package import Ledger
package import Routing

/// A routed step that is to be done: what is sent, by whom, and on whose account.
package struct PreparedStep: Sendable {
    package var request: ChatRequest
    package var step: Step
    package var decision: Decision
    package var context: RoutingContext
    package var attribution: Attribution
    /// The name of the policy, where it has one.
    package var policyName: String?
    package var purpose = CallPurpose.step

    package init(
        request: ChatRequest, step: Step, decision: Decision, context: RoutingContext, attribution: Attribution,
        policyName: String?
    ) {
        self.request = request
        self.step = step
        self.decision = decision
        self.context = context
        self.attribution = attribution
        self.policyName = policyName
    }

    /// The model chosen, then those that answer if it fails.
    var modelsInOrder: [ModelID] { [decision.model] + decision.fallbacks }
}

/// What a call is made for.
package enum CallPurpose: Hashable, Sendable {
    /// The step itself.
    case step
    /// A copy of a step for the reference, to measure quality: on the operator's account, compared with nothing.
    case audit
    /// A call on the way to a step's answer: its own baseline would be counted twice.
    case part
}
