import Domain
package import JSON

extension Settings {
    /// Reads the operator's settings: `default_policy`, `policies`, `aliases`, `electricity`, `transfer`, `limits`,
    /// `webhooks`; all may be absent.
    package init(json: JSONValue) throws(FieldError) {
        self.init()
        let fields = try FieldReader(
            json, path: "",
            known: ["default_policy", "policies", "aliases", "electricity", "transfer", "limits", "webhooks"])
        if let value = fields.value("default_policy") {
            defaultPolicy = try Policy(json: value, path: "default_policy", others: ["shadow"])
            shadows[""] = try Self.shadow(in: value, path: "default_policy.shadow")
        }
        if let value = fields.value("policies") {
            guard value.kind == .object else { throw FieldError("policies", "must be a map from names to policies") }
            for member in value.members {
                let path = "policies.\(member.key)"
                policies[member.key] = try Policy(
                    json: member.value, base: defaultPolicy, path: path, others: ["shadow"])
                shadows[member.key] = try Self.shadow(in: member.value, path: "\(path).shadow")
            }
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
    }

    private static func shadow(in policy: JSONValue, path: String) throws(FieldError) -> ShadowRule? {
        guard let value = policy["shadow"], !value.isNull else { return nil }
        return try ShadowRule(json: value, path: path)
    }
}

extension ServiceLimits {
    init(json: JSONValue) throws(FieldError) {
        self.init()
        let known = [
            "body_bytes", "answer_bytes", "file_bytes", "files", "files_bytes", "file_days", "batch_rows",
            "running_batches", "running_jobs", "first_byte_s", "idle_s", "call_s", "drain_s", "lease_s",
            "keep_alive_s", "provider_poll_s", "provider_window_s", "provider_rows",
        ]
        let fields = try FieldReader(json, path: "limits", known: known)
        bodyBytes = try fields.integer("body_bytes", in: 1024...1 << 30) ?? bodyBytes
        answerBytes = try fields.integer("answer_bytes", in: 1024...1 << 30) ?? answerBytes
        fileBytes = try fields.integer("file_bytes", in: 1024...1 << 33) ?? fileBytes
        files = try fields.integer("files", in: 1...10_000_000) ?? files
        filesBytes = try fields.integer("files_bytes", in: 1024...1 << 50) ?? filesBytes
        fileDays = try fields.number("file_days", in: 0.001...36_500) ?? fileDays
        runningBatches = try fields.integer("running_batches", in: 1...1000) ?? runningBatches
        batchRows = try fields.integer("batch_rows", in: 1...10_000_000) ?? batchRows
        runningJobs = try fields.integer("running_jobs", in: 1...100_000) ?? runningJobs
        firstByteSeconds = try fields.number("first_byte_s", in: 0.1...86_400) ?? firstByteSeconds
        idleSeconds = try fields.number("idle_s", in: 0.1...86_400) ?? idleSeconds
        callSeconds = try fields.number("call_s", in: 0.1...86_400) ?? callSeconds
        keepAliveSeconds = try fields.number("keep_alive_s", in: 0.01...3600) ?? keepAliveSeconds
        drainSeconds = try fields.number("drain_s", in: 0...86_400) ?? drainSeconds
        providerPollSeconds = try fields.number("provider_poll_s", in: 0.01...3600) ?? providerPollSeconds
        providerWindowSeconds = try fields.number("provider_window_s", in: 0...30 * 86_400) ?? providerWindowSeconds
        providerRows = try fields.integer("provider_rows", in: 1...100_000) ?? providerRows
        leaseSeconds = try fields.number("lease_s", in: 0.5...86_400) ?? leaseSeconds
    }
}
