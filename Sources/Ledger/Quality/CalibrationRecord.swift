package import Domain

/// What became of a version of the calibration.
package enum CalibrationStatus: String, CaseIterable, Hashable, Sendable {
    /// Used from its time on, until a later one is.
    case active
    /// Fitted, but no better than the one in use on the rows kept back.
    case rejected
    /// Used for a while, and taken back since it predicted later observations worse than the one before it.
    case rolledBack = "rolled_back"
}

/// A version of the calibration that predictions are corrected by. Versions are kept for ever.
package struct CalibrationRecord: Hashable, Sendable {
    /// 1, 2, 3, ...
    package var version: Int
    package var status: CalibrationStatus
    /// JSON, opaque to the ledger.
    package var body: [UInt8]
    /// Why it is what it is, in words and figures.
    package var note: String
    package var at: Timestamp

    package init(version: Int, status: CalibrationStatus, body: [UInt8], note: String, at: Timestamp) {
        self.version = version
        self.status = status
        self.body = body
        self.note = note
        self.at = at
    }
}
