package import Calls
package import Domain

/// The operator's settings of the service.
package struct Settings: Sendable {
    /// Policies by name, selected by `model: "hera/<name>"`.
    package var policies: [String: Policy]
    /// The policy of `model: "hera"`.
    package var defaultPolicy: Policy
    /// Shadow audits by policy name, the default policy's under the empty name; policies without their own use the
    /// default's.
    package var shadows: [String: ShadowRule]
    package var economics: Economics
    package var limits: ServiceLimits
    /// URLs allowed for jobs' tools of type `http`.
    package var webhooks: [WebhookRule]
    /// Aliases for `model` of a request.
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

    /// The shadow audit of a policy; nil for none.
    package func shadow(ofPolicy name: String?) -> ShadowRule? { shadows[name ?? ""] ?? shadows[""] }
}
