package import Calls
package import Catalog
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
    package let settings: Settings
    package let sessions = Sessions()
    package let pool: WorkPool
    package let learning: Learning
    package let calls: CallExecutor
    let tokenHistories = TokenHistories()
    package let logger: Logger

    package init(
        catalog: ModelCatalog, estimator: any Estimating, ledger: LedgerStore, upstream: UpstreamClient,
        settings: Settings, keys: APIKeys, pool: WorkPool = WorkPool(), logger: Logger
    ) {
        registry = ModelRegistry(catalog: catalog)
        let learning = Learning(ledger: ledger, logger: logger)
        self.learning = learning
        self.estimator = LiveEstimator(estimator) { learning.calibration }
        router = StepRouter(estimator: self.estimator)
        self.ledger = ledger
        self.settings = settings
        self.pool = pool
        self.logger = logger
        calls = CallExecutor(
            registry: registry, limiter: ConcurrencyLimiter(registry: registry), upstream: upstream, ledger: ledger,
            limits: settings.limits,
            keys: keys, pool: pool,
            logger: logger)
    }
}
