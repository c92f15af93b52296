package import Calls
package import Catalog
package import Estimation
package import Ledger
package import Logging
package import Routing
package import Upstream

/// The services that run steps and jobs, assembled once at start.
package struct StepService: Sendable {
    package let registry: ModelRegistry
    package let router: StepRouter
    /// The router's estimator, corrected by online calibration; also used to plan batch rows.
    package let estimator: any Estimating
    package let ledger: LedgerStore
    /// The operator's settings, replaced by a reload; for the parts that need nothing else of this service.
    package let currentSettings: CurrentSettings
    private let base: CurrentEstimator
    private let currentEpisodes: CurrentEpisodes
    package let sessions = Sessions()
    package let pool: WorkPool
    package let learning: Learning
    package let calls: CallExecutor
    /// Lets in callers with tokens of the settings' issuers.
    package let tokens: JWTVerifier
    let tokenHistories = TokenHistories()
    package let logger: Logger

    package init(
        catalog: ModelCatalog, estimator: any Estimating, ledger: LedgerStore, upstream: UpstreamClient,
        settings: Settings, keys: APIKeys, episodes: EpisodeProfile? = nil, pool: WorkPool = WorkPool(),
        tracer: SpanTracer? = nil, logger: Logger
    ) {
        currentEpisodes = CurrentEpisodes(episodes)
        registry = ModelRegistry(catalog: catalog)
        let learning = Learning(ledger: ledger, logger: logger)
        self.learning = learning
        base = CurrentEstimator(estimator)
        self.estimator = LiveEstimator(base) { learning.calibration }
        router = StepRouter(estimator: self.estimator)
        self.ledger = ledger
        currentSettings = CurrentSettings(settings)
        tokens = JWTVerifier(settings.jwt, upstream: upstream, logger: logger)
        self.pool = pool
        self.logger = logger
        var calls = CallExecutor(
            registry: registry, limiter: ConcurrencyLimiter(registry: registry), upstream: upstream, ledger: ledger,
            limits: settings.limits,
            keys: keys, pool: pool,
            logger: logger)
        calls.tracer = tracer
        self.calls = calls
    }

    /// The values learned from recorded episodes; nil without any.
    var episodes: EpisodeProfile? { currentEpisodes.value }

    /// The operator's settings that are in use.
    package var settings: Settings { _read { yield currentSettings.value } }

    /// Replaces the catalog, the profiles and the settings for all calls that begin from now on.
    ///
    /// Limits, webhooks, alerts, tracing, servers, durability and the section `service` stay as they were at the start,
    /// since running parts hold them. So does `jwt` where there were no issuers, or shall be none: that decides who needs
    /// a key.
    package func replace(
        catalog: ModelCatalog, estimator: any Estimating, settings: Settings, episodes: EpisodeProfile? = nil
    ) {
        registry.replace(catalog)
        currentEpisodes.replace(with: episodes)
        base.replace(with: estimator)
        var settings = settings
        let old = currentSettings.value
        settings.limits = old.limits
        settings.webhooks = old.webhooks
        settings.alerts = old.alerts
        settings.tracing = old.tracing
        if settings.jwt.isEmpty != old.jwt.isEmpty { settings.jwt = old.jwt }
        settings.servers = old.servers
        settings.usesUsualServers = old.usesUsualServers
        settings.durability = old.durability
        settings.service = old.service
        calls.upstream.replaceHosts(with: settings.hosts)
        tokens.replace(with: settings.jwt)
        currentSettings.replace(with: settings)
    }
}
