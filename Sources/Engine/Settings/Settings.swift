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

/// Sizes, times and numbers that a client cannot pass.
package struct ServiceLimits: Hashable, Sendable {
    package var bodyBytes: Int
    package var answerBytes: Int
    /// An uploaded file.
    package var fileBytes: Int
    /// Files that a key may keep, those of results included.
    package var files: Int
    /// Bytes of all files of a key together.
    package var filesBytes: Int
    /// Days after which a file goes by itself; its uploader may say less.
    package var fileDays: Double
    /// Rows of one batch.
    package var batchRows: Int
    /// Batches that run on a node at the same time; later ones wait.
    package var runningBatches: Int
    /// Jobs that run at the same time; later ones wait.
    package var runningJobs: Int
    package var firstByteSeconds: Double
    package var idleSeconds: Double
    package var callSeconds: Double
    /// Seconds that an answer is still read for its bill after its client has gone.
    package var drainSeconds: Double
    /// Seconds after which a client that waits for a verdict gets a comment, so that its connection stays open.
    package var keepAliveSeconds: Double
    /// Seconds after which a node that is silent is taken for dead, and the others take over its jobs and batches.
    package var leaseSeconds: Double
    /// Seconds from one look at a provider's batch to the next at first; each pause is half as long again, up to a minute.
    package var providerPollSeconds: Double
    /// Seconds that a batch has to have left for its rows to go to a provider's batch. Providers answer within 24 h; an hour
    /// less lets a batch with a window of 24 h through.
    package var providerWindowSeconds: Double
    /// Rows of one batch at a provider, at most; its own limits hold too.
    package var providerRows: Int

    package init(
        bodyBytes: Int = 4 << 20, answerBytes: Int = 64 << 20, fileBytes: Int = 200 << 20, batchRows: Int = 50_000,
        runningJobs: Int = 64, firstByteSeconds: Double = 120,
        idleSeconds: Double = 60, callSeconds: Double = 600, drainSeconds: Double = 60, leaseSeconds: Double = 15,
        keepAliveSeconds: Double = 10, files: Int = 1000, filesBytes: Int = 10 << 30, fileDays: Double = 30,
        runningBatches: Int = 4, providerPollSeconds: Double = 5, providerWindowSeconds: Double = 82_800,
        providerRows: Int = 10_000
    ) {
        self.bodyBytes = bodyBytes
        self.answerBytes = answerBytes
        self.fileBytes = fileBytes
        self.files = files
        self.filesBytes = filesBytes
        self.fileDays = fileDays
        self.batchRows = batchRows
        self.runningBatches = runningBatches
        self.runningJobs = runningJobs
        self.firstByteSeconds = firstByteSeconds
        self.idleSeconds = idleSeconds
        self.callSeconds = callSeconds
        self.drainSeconds = drainSeconds
        self.keepAliveSeconds = keepAliveSeconds
        self.leaseSeconds = leaseSeconds
        self.providerPollSeconds = providerPollSeconds
        self.providerWindowSeconds = providerWindowSeconds
        self.providerRows = providerRows
    }
}
