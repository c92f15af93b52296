package import Domain

/// What the ledger keeps of measured quality, beside the money.
package protocol QualityStore: Sendable {
    /// Keeps an observation, or replaces the score and comment of the one of the same source, caller and target.
    /// Returns whether it is a new one. Telling the same one again changes nothing.
    func observe(_ observation: QualityObservation) async throws(LedgerError) -> Bool
    /// The newest observations, oldest of them first.
    func latestObservations(limit: Int) async throws(LedgerError) -> [QualityObservation]
    /// Sums by source, model and policy over the observations since a moment.
    func qualitySums(since: Timestamp) async throws(LedgerError) -> [QualitySums]
    /// A step by its id.
    func step(_ id: String) async throws(LedgerError) -> StepRecord?
    /// Inserts a version of the calibration, or changes status and note of the one with its number.
    func saveCalibration(_ calibration: CalibrationRecord) async throws(LedgerError)
    /// Newest first.
    func calibrations(limit: Int) async throws(LedgerError) -> [CalibrationRecord]
    /// Keeps where the controllers of kappa stand, JSON that is opaque to the ledger; the last writer's counts.
    func saveControl(_ body: [UInt8], at now: Timestamp) async throws(LedgerError)
    /// What was kept last; nil before the first.
    func control() async throws(LedgerError) -> [UInt8]?
}

extension SQLLedger {
    package func observe(_ observation: QualityObservation) async throws(LedgerError) -> Bool {
        try await write { (session) throws(LedgerError) in try session.observe(observation) }
    }

    package func latestObservations(limit: Int) async throws(LedgerError) -> [QualityObservation] {
        try await read { (session) throws(LedgerError) in try session.latestObservations(limit: limit) }
    }

    package func qualitySums(since moment: Timestamp) async throws(LedgerError) -> [QualitySums] {
        try await read { (session) throws(LedgerError) in try session.qualitySums(since: moment) }
    }

    package func step(_ id: String) async throws(LedgerError) -> StepRecord? {
        try await read { (session) throws(LedgerError) in try session.step(id) }
    }

    package func saveCalibration(_ calibration: CalibrationRecord) async throws(LedgerError) {
        try await write { (session) throws(LedgerError) in try session.saveCalibration(calibration) }
    }

    package func calibrations(limit: Int) async throws(LedgerError) -> [CalibrationRecord] {
        try await read { (session) throws(LedgerError) in try session.calibrations(limit: limit) }
    }

    package func saveControl(_ body: [UInt8], at now: Timestamp) async throws(LedgerError) {
        try await write { (session) throws(LedgerError) in try session.saveControl(body, at: now) }
    }

    package func control() async throws(LedgerError) -> [UInt8]? {
        try await read { (session) throws(LedgerError) in try session.control() }
    }
}
