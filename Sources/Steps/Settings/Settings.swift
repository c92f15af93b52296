package import Calls
package import Domain

/// What the operator sets for the whole service.
package struct Settings: Sendable {
    /// Policies by name; `model: "hera/<name>"` asks for one.
    package var policies: [String: Policy]
    /// The policy of `model: "hera"`.
    package var defaultPolicy: Policy
    /// Shadow audits by the name of the policy, the default one's under the empty name; a policy that has none of its
    /// own has the default one's.
    package var shadows: [String: ShadowRule]
    package var economics: Economics
    package var limits: ServiceLimits
    /// Servers that jobs' tools of type `http` may ask.
    package var webhooks: [WebhookRule]
    /// Further names that `model` of a request may have.
    package var aliases: ModelAliases

    package init(
        policies: [String: Policy] = [:], defaultPolicy: Policy = Policy(), shadows: [String: ShadowRule] = [:],
        economics: Economics = .standard, limits: ServiceLimits = ServiceLimits(), webhooks: [WebhookRule] = [],
        aliases: ModelAliases = ModelAliases()
    ) {
        self.policies = policies
        self.defaultPolicy = defaultPolicy
        self.shadows = shadows
        self.economics = economics
        self.limits = limits
        self.webhooks = webhooks
        self.aliases = aliases
    }

    /// Which share of a policy's steps is audited, and for how much; nil for none.
    package func shadow(ofPolicy name: String?) -> ShadowRule? { shadows[name ?? ""] ?? shadows[""] }
}
