extension LedgerMigration {
    /// Scores and predictions are in millionths.
    static let quality: [String] = [
        "CREATE TABLE observation (sequence {serial}, id TEXT NOT NULL UNIQUE, source TEXT NOT NULL, "
            + "caller TEXT NOT NULL, target_kind TEXT NOT NULL, target TEXT NOT NULL, decision TEXT, run TEXT NOT NULL, "
            + "model TEXT, reference TEXT, policy TEXT NOT NULL, predicted_quality {integer}, "
            + "predicted_similarity {integer}, score {integer} NOT NULL, comment TEXT, at {integer} NOT NULL, "
            + "UNIQUE (source, caller, target_kind, target)){strict}",
        "CREATE INDEX observation_at ON observation (at)",
        "CREATE TABLE calibration (version {integer} PRIMARY KEY, status TEXT NOT NULL, body {bytes} NOT NULL, "
            + "note TEXT NOT NULL, at {integer} NOT NULL){strict}",
    ]
}
