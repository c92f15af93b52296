import Dispatch
package import Domain
import JSON
package import Ledger
package import Logging
import ServiceLifecycle
import Synchronization

/// Online learning: measured quality, the kappa offset derived from it, and the calibration of the estimators. The
/// calibration is re-estimated in the background every 500 steps or on drift.
///
/// Quality and offsets are saved after every audit, every hundredth step and at shutdown. Each node measures its own
/// steps; a new process resumes from the latest save of any node.
package final class Learning: Service {
    /// Steps between re-estimations, as in the paper's continual tuning.
    package static let stepsBetween = 500
    /// Steps between saves of the step counts.
    static let stepsBetweenSaves = 100
    /// Number of latest observations in a re-estimation.
    static let mostObservations = 20_000

    private struct State {
        var versions: [Recalibration.Version] = [.first]
        var newestNumber = 0
        var steps = 0
        var drift: [ModelID: DriftDetector] = [:]
        var quality: [String: PolicyQuality] = [:]
        var budgets: [String: Money] = [:]
        /// Failed audits.
        var failedAudits = 0
    }

    private let state = Mutex(State())
    private let ledger: LedgerStore
    private let logger: Logger
    private let requests: AsyncStream<String>
    private let request: AsyncStream<String>.Continuation
    private let writes: AsyncStream<Void>
    private let write: AsyncStream<Void>.Continuation

    package init(ledger: LedgerStore, logger: Logger) {
        self.ledger = ledger
        self.logger = logger
        (requests, request) = AsyncStream.makeStream(of: String.self, bufferingPolicy: .bufferingNewest(1))
        (writes, write) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    /// Loads earlier results, then re-estimates on request until shutdown.
    package func run() async {
        await load()
        await cancelWhenGracefulShutdown { [self] in
            await withDiscardingTaskGroup { group in
                group.addTask { for await reason in self.requests { await self.reestimate(reason) } }
                group.addTask { for await _ in self.writes { await self.saveControl() } }
            }
        }
        await saveControl()
    }

    // MARK: Persistence

    /// Saves quality and kappa offsets.
    func saveControl() async {
        let quality = quality
        guard !quality.isEmpty else { return }
        var writer = JSONWriter()
        writer.object { object in
            for (name, quality) in quality.sorted(by: { $0.key < $1.key }) {
                object.member(name, object: { quality.write(into: &$0) })
            }
        }
        do {
            try await ledger.write { [writer] in try $0.saveControl(writer.bytes, at: .now()) }
        } catch {
            logger.error("saving measured quality failed", metadata: ["reason": "\(error)"])
        }
    }

    private func loadControl() async throws {
        guard let body = try await ledger.read({ try $0.control() }), let root = try? JSONDocument(body).root else {
            return
        }
        for member in root.members {
            guard let quality = PolicyQuality(json: member.value) else { continue }
            state.withLock { $0.quality[member.key] = quality }
        }
    }

    // MARK: Routing

    /// The calibration in use.
    package var calibration: ModelCalibration { state.withLock { $0.versions.last?.calibration ?? .none } }

    /// The number of the version in use; 0 before anything was learned.
    package var version: Int { state.withLock { $0.versions.last?.number ?? 0 } }

    /// The kappa offset that brings measured quality to the policy's `min_accuracy`.
    package func kappaOffset(policyName: String?, policy: Policy) -> Double {
        state.withLock { $0.quality[policyName ?? ""]?.offset(for: policy.minAccuracy) ?? 0 }
    }

    /// The multiple of the price of lost quality that keeps the policy's mean loss.
    package func priceFactor(policyName: String?, policy: Policy) -> Double {
        state.withLock { $0.quality[policyName ?? ""]?.priceFactor(for: policy.maxLoss) ?? 1 }
    }

    /// Measured quality by policy name.
    package var quality: [String: PolicyQuality] { state.withLock { $0.quality } }

    package var failedAudits: Int { state.withLock { $0.failedAudits } }

    // MARK: Observations

    /// Records a served step.
    ///
    /// - Parameter loss: predicted quality of the reference less that of the model that answered.
    func recordStep(by model: ModelID, policyName: String?, policy: Policy, loss: Double? = nil) {
        let steps = state.withLock { state in
            state.steps += 1
            state.quality[policyName ?? "", default: PolicyQuality()].recordServed(
                by: model, policy: policy, loss: loss)
            return state.steps
        }
        if steps % Self.stepsBetween == 0 { request.yield("\(Self.stepsBetween) steps") }
        if steps % Self.stepsBetweenSaves == 0 { write.yield() }
    }

    func recordFailedAudit() { state.withLock { $0.failedAudits += 1 } }

    /// Stores an observation and updates controller and drift detector.
    ///
    /// - Parameter share: audited share of the steps; nil for feedback, which is not a random sample.
    /// - Returns: whether the observation is new.
    package func observe(_ observation: QualityObservation, share: Double?) async throws -> Bool {
        let isNew = try await ledger.write { try $0.observe(observation) }
        guard isNew else { return false }
        let hasDrifted = state.withLock { state in
            if observation.source == .audit, let share, let model = observation.model {
                state.quality[observation.policy, default: PolicyQuality()].recordAudit(
                    of: model, score: observation.score, share: share)
            }
            let predicted =
                observation.source == .audit ? observation.predictedSimilarity : observation.predictedQuality
            guard let model = observation.model, model != observation.reference, let predicted else { return false }
            return state.drift[model, default: DriftDetector()].observe(
                predicted: predicted, outcome: observation.score)
        }
        if observation.source == .audit { write.yield() }
        if hasDrifted, let model = observation.model { request.yield("drift of \(model)") }
        return true
    }

    /// Sets the monthly audit budget of a policy in the ledger, once.
    func setBudget(_ rule: ShadowRule, of session: String, at now: Timestamp) async throws {
        guard state.withLock({ $0.budgets[session] }) != rule.budget else { return }
        try await ledger.write {
            try $0.setBudget(
                Budget(scope: .session(session), limit: .usd(rule.budget), window: .month), at: now)
        }
        state.withLock { $0.budgets[session] = rule.budget }
    }

    // MARK: Re-estimation

    func load() async {
        do {
            let records = try await ledger.read { try $0.calibrations(limit: 1000) }
            let used = records.reversed().filter { $0.status != .rejected }.compactMap { record in
                ModelCalibration(json: record.body).map {
                    Recalibration.Version(number: record.version, since: record.at, calibration: $0)
                }
            }
            state.withLock { state in
                state.versions = [.first] + used
                state.newestNumber = records.first?.version ?? 0
            }
            try await loadControl()
        } catch {
            logger.error("loading calibrations failed", metadata: ["reason": "\(error)"])
        }
    }

    /// Re-estimates now. Called by the service and by tests.
    package func reestimate(_ reason: String) async {
        do {
            let observations = try await ledger.read { try $0.latestObservations(limit: Self.mostObservations) }
            let work = Recalibration(versions: state.withLock { $0.versions }, observations: observations)
            let outcome = await Self.offPool { work.outcome() }
            try await apply(outcome, reason: reason)
        } catch {
            logger.error("re-estimation failed, calibration unchanged", metadata: ["reason": "\(error)"])
        }
    }

    private func apply(_ outcome: Recalibration.Outcome, reason: String) async throws {
        switch outcome {
        case .nothing: return
        case .rollBack(let note):
            let (bad, before) = state.withLock { ($0.versions.last ?? .first, $0.versions.dropLast().last ?? .first) }
            try await ledger.write {
                try $0.saveCalibration(
                    CalibrationRecord(
                        version: bad.number, status: .rolledBack, body: bad.calibration.json, note: note, at: bad.since)
                )
            }
            // A rollback is a new version, so that an observation's time determines its version.
            let version = try await save(
                before.calibration, status: .active, note: "\(reason): version \(before.number) again: \(note)")
            state.withLock { $0.versions.append(version) }
            logger.warning("calibration rolled back", metadata: ["version": "\(bad.number)", "note": "\(note)"])
        case .activate(let calibration, let note):
            let version = try await save(calibration, status: .active, note: "\(reason): \(note)")
            state.withLock { $0.versions.append(version) }
            logger.info("calibration activated", metadata: ["version": "\(version.number)", "note": "\(note)"])
        case .reject(let calibration, let note):
            _ = try await save(calibration, status: .rejected, note: "\(reason): \(note)")
        }
    }

    private func save(
        _ calibration: ModelCalibration, status: CalibrationStatus, note: String
    ) async throws -> Recalibration.Version {
        let number = state.withLock { state in
            state.newestNumber += 1
            return state.newestNumber
        }
        let version = Recalibration.Version(number: number, since: .now(), calibration: calibration)
        try await ledger.write {
            try $0.saveCalibration(
                CalibrationRecord(
                    version: number, status: status, body: calibration.json, note: note, at: version.since))
        }
        return version
    }

    /// Runs CPU-bound work off the cooperative pool.
    private static func offPool<Value: Sendable>(_ work: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            DispatchQueue.global(qos: .utility).async { continuation.resume(returning: work()) }
        }
    }
}
