package import Dialects
package import Domain
package import Ledger
package import Routing

/// A routed step, ready to be called: the request, its decision, and the account that pays.
///
/// Copies share what is large: a step is handed on many times in each call.
package struct PreparedStep: Sendable {
    /// What seldom changes once a step is routed.
    @usableFromInline
    struct Facts: Sendable {
        @usableFromInline var request: ChatRequest
        @usableFromInline var step: Step
        @usableFromInline var context: RoutingContext
        @usableFromInline var attribution: Attribution
    }

    @usableFromInline var facts: Shared<Facts>
    @usableFromInline var decided: Shared<Decision>
    /// The name of the policy, where it has one.
    package var policyName: String?
    /// The models that the caller may use.
    package var callerModels = ModelFilter()
    package var purpose = CallPurpose.step
    /// What asks the model's server for a level of effort; nil for the model's own.
    var effort: EffortParameters?
    /// The calls that share the decision's cost between them: of a server that gives one answer at a time.
    var callsOfStep = 1
    /// The place in a distributed trace; nil for none.
    package var trace: TraceContext?
    /// Whether the client has left, so that a call that has not begun need not be made.
    package var hasLeft: @Sendable () -> Bool = { false }

    package init(
        request: ChatRequest, step: Step, decision: Decision, context: RoutingContext, attribution: Attribution,
        policyName: String?
    ) {
        facts = Shared(Facts(request: request, step: step, context: context, attribution: attribution))
        decided = Shared(decision)
        self.policyName = policyName
    }

    /// The request as the model is sent it.
    package var request: ChatRequest {
        @inlinable _read { yield facts.value.request }
        @inlinable set { facts = facts.changing { $0.request = newValue } }
    }

    /// The step as it was routed.
    package var step: Step {
        @inlinable _read { yield facts.value.step }
        @inlinable set { facts = facts.changing { $0.step = newValue } }
    }

    /// What the decision was made from.
    package var context: RoutingContext {
        @inlinable _read { yield facts.value.context }
        @inlinable set { facts = facts.changing { $0.context = newValue } }
    }

    /// The account that pays.
    package var attribution: Attribution {
        @inlinable _read { yield facts.value.attribution }
        @inlinable set { facts = facts.changing { $0.attribution = newValue } }
    }

    /// The decision so far.
    package var decision: Decision {
        @inlinable _read { yield decided.value }
        @inlinable set { decided = Shared(newValue) }
    }

    /// The step as a model is asked: with the optional sources that the decision chose for it, and at its effort.
    ///
    /// - Returns: nil if the rest of the request is none, which the decision excludes.
    func asked(of model: ModelID) -> PreparedStep? {
        guard let candidate = decision.candidate(model) else { return self }
        var copy = self
        copy.effort = candidate.effort?.level.parameters
        guard let sources = request.sources, let choice = candidate.sources else { return copy }
        guard let rest = sources.request(sending: choice.mask) else { return nil }
        copy.request = rest
        copy.step = step.asked(of: candidate)
        return copy
    }

    /// The baseline of a call that is not the step's answer: only the answering call is compared with the reference.
    package var zeroBaseline: Baseline { Baseline(model: decision.reference, figures: .zero) }
}

/// The purpose of a call.
package enum CallPurpose: Hashable, Sendable {
    /// The step itself.
    case step
    /// A copy of a step for the reference, to measure quality. The operator pays; it has no baseline.
    case audit
    /// A helper call on the way to a step's answer. Its own baseline would be counted twice.
    case part
}
