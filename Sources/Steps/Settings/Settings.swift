package import Calls
package import Catalog
package import Domain
package import JSON
package import Ledger
package import Upstream

/// The operator's settings of the service.
package struct Settings: Sendable {
    /// Policies by name, selected by `model: "hera/<name>"`.
    package var policies: [String: Policy]
    /// The policy of `model: "hera"`.
    package var defaultPolicy: Policy
    /// Shadow audits by policy name, the default policy's under the empty name; policies without their own use the
    /// default's.
    package var shadows: [String: ShadowRule]
    /// Shares of the sessions that other policies route.
    package var experiments: [Experiment] = []
    package var economics: Economics
    package var limits: ServiceLimits
    /// URLs allowed for jobs' tools of type `http`.
    package var webhooks: [WebhookRule]
    /// The server that is told of budgets that are used up; nil for none.
    package var alerts: Hook?
    /// The server that checks requests and answers; nil for none.
    package var guardrail: GuardrailRule?
    /// The collector of spans; nil for none.
    package var tracing: TracingRule?
    /// The members of requests' `metadata` that are tags; nil for all.
    package var metadataTags: Set<String>?
    /// Which addresses servers may have.
    package var hosts = HostRule()
    /// Issuers of tokens whose callers are let in.
    package var jwt: [JWTRule] = []
    /// Aliases for `model` of a request.
    package var aliases: ModelAliases
    /// Local servers besides those at the usual ports.
    package var servers: [LocalServer]
    /// Whether servers at the usual ports of this machine are asked for models that the catalog does not name.
    package var usesUsualServers = true
    /// Where the service listens and keeps its things.
    package var service = ServiceSettings()
    /// Whether calls wait for each flush of the ledger.
    package var durability = Durability.normal

    package init(
        policies: [String: Policy] = [:], defaultPolicy: Policy = Policy(), shadows: [String: ShadowRule] = [:],
        economics: Economics = .standard, limits: ServiceLimits = ServiceLimits(), webhooks: [WebhookRule] = [],
        aliases: ModelAliases = ModelAliases(), servers: [LocalServer] = []
    ) {
        self.policies = policies
        self.defaultPolicy = defaultPolicy
        self.shadows = shadows
        self.economics = economics
        self.limits = limits
        self.webhooks = webhooks
        self.aliases = aliases
        self.servers = servers
    }

    /// The local servers that are asked for models: the named ones first, then those at the usual ports.
    package var localServers: [LocalServer] { servers + (usesUsualServers ? LocalServer.usual : []) }

    /// The shadow audit of a policy; nil for none.
    package func shadow(ofPolicy name: String?) -> ShadowRule? { shadows[name ?? ""] ?? shadows[""] }

    /// The policy that calls of named models are routed by on paper; nil for none. The default policy comes first.
    package var dryPolicy: (name: String?, rule: ShadowRule)? {
        shadows.filter { $0.value.mode == .dry }.min { $0.key < $1.key }
            .map { ($0.key.isEmpty ? nil : $0.key, $0.value) }
    }
}

extension Settings {
    /// The sections that a settings file may have.
    package static let sections = [
        "default_policy", "policies", "experiments", "aliases", "electricity", "transfer", "limits", "webhooks",
        "servers", "usual_servers", "service", "durability", "alerts", "tracing", "jwt",
        "hosts", "metadata_tags", "guardrail",
    ]

    /// Reads the settings file: `default_policy`, `policies`, `experiments`, `aliases`, `electricity`, `transfer`,
    /// `limits`, `webhooks`, `alerts`, `guardrail`, `tracing`, `jwt`, `hosts`, `metadata_tags`, `servers`,
    /// `usual_servers`, `service`, `durability`; all optional.
    package init(json: JSONValue) throws(FieldError) {
        self.init()
        let fields = try FieldReader(json, path: "", known: Self.sections)
        if let value = fields.value("default_policy") {
            defaultPolicy = try Policy(json: value, path: "default_policy", others: ["shadow"], isOperators: true)
            try defaultPolicy.refuseIdleDial(in: value, path: "default_policy")
            shadows[""] = try Self.shadow(in: value, path: "default_policy.shadow")
        }
        if let value = fields.value("policies") {
            guard value.kind == .object else { throw FieldError("policies", "must be a map from names to policies") }
            for member in value.members {
                let path = "policies.\(member.key)"
                let policy = try Policy(
                    json: member.value, base: defaultPolicy, path: path, others: ["shadow"], isOperators: true)
                try policy.refuseIdleDial(in: member.value, path: path)
                policies[member.key] = policy
                shadows[member.key] = try Self.shadow(in: member.value, path: "\(path).shadow")
            }
        }
        if let value = fields.value("experiments") {
            experiments = try Experiment.list(value, policies: policies.keys)
        }
        if let value = fields.value("aliases") { aliases = try ModelAliases(json: value, policies: policies.keys) }
        if let value = fields.value("electricity") {
            let electricity = try FieldReader(value, path: "electricity", known: ["usd_per_kwh", "gco2e_per_kwh"])
            economics.electricityUSDPerKWh =
                try electricity.number("usd_per_kwh", in: 0...100) ?? economics.electricityUSDPerKWh
            economics.gramsCO2ePerKWh =
                try electricity.number("gco2e_per_kwh", in: 0...10_000) ?? economics.gramsCO2ePerKWh
        }
        if let value = fields.value("transfer") {
            let transfer = try FieldReader(value, path: "transfer", known: ["usd_per_gb"])
            economics.transferUSDPerGB =
                try transfer.number("usd_per_gb", in: 0...1000) ?? economics.transferUSDPerGB
        }
        if let value = fields.value("limits") { limits = try ServiceLimits(json: value) }
        if let value = fields.value("webhooks") { webhooks = try WebhookRule.list(value) }
        if let value = fields.value("alerts") { alerts = try Hook(json: value, path: "alerts") }
        if let value = fields.value("guardrail") { guardrail = try GuardrailRule(json: value) }
        if let value = fields.value("tracing") { tracing = try TracingRule(json: value) }
        metadataTags = try fields.strings("metadata_tags").map { Set($0) }
        if let value = fields.value("hosts") { hosts = try HostRule(json: value) }
        if let value = fields.value("jwt") { jwt = try JWTRule.list(value) }
        if let value = fields.value("servers") { servers = try LocalServer.list(value) }
        usesUsualServers = try fields.boolean("usual_servers") ?? usesUsualServers
        if let value = fields.value("service") { service = try ServiceSettings(json: value) }
        durability = try fields.choice("durability", of: Durability.self) ?? durability
    }

    private static func shadow(in policy: JSONValue, path: String) throws(FieldError) -> ShadowRule? {
        guard let value = policy["shadow"], !value.isNull else { return nil }
        return try ShadowRule(json: value, path: path)
    }
}
