package import Domain

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

extension LedgerTransaction {
    private static let observationColumns =
        "id, source, caller, target_kind, target, decision, run, model, reference, policy, predicted_quality, "
        + "predicted_similarity, score, comment, at"

    /// Writes an observation, or replaces the score and comment of the one of the same source, caller and target.
    ///
    /// Returns whether it is a new one. The same one again changes nothing.
    package func observe(_ observation: QualityObservation) throws(LedgerError) -> Bool {
        try Self.check(id: observation.id, "observation")
        try Self.check(id: observation.target.id, observation.target.kind)
        guard let score = Self.millionths(observation.score) else {
            throw .invalid("a score of \(observation.score); scores are from 0 to 1")
        }
        let key: [SQLValue] = [
            .text(observation.source.rawValue), .text(observation.caller), .text(observation.target.kind),
            .text(observation.target.id),
        ]
        let changed = try connection.execute(
            "UPDATE observation SET score = ?, comment = ?, at = ? "
                + "WHERE source = ? AND caller = ? AND target_kind = ? AND target = ?",
            [.integer(score), .optional(observation.comment), .integer(observation.at.milliseconds)] + key)
        guard changed == 0 else { return false }
        try connection.execute(
            "INSERT INTO observation (\(Self.observationColumns)) VALUES (\(Self.placeholders(15)))",
            [.text(observation.id)] + key + [
                .optional(observation.decisionID), .text(observation.runID), .optional(observation.model?.rawValue),
                .optional(observation.reference?.rawValue), .text(observation.policy),
                .integer(observation.predictedQuality.flatMap(Self.millionths).map { Int($0) }),
                .integer(observation.predictedSimilarity.flatMap(Self.millionths).map { Int($0) }),
                .integer(score), .optional(observation.comment), .integer(observation.at.milliseconds),
            ])
        return true
    }

    /// The newest observations, oldest of them first.
    package func latestObservations(limit: Int) throws(LedgerError) -> [QualityObservation] {
        let rows = try connection.rows(
            "SELECT \(Self.observationColumns) FROM observation ORDER BY sequence DESC LIMIT ?",
            [.integer(max(limit, 0))])
        var observations: [QualityObservation] = []
        for row in rows.reversed() {
            guard let source = QualitySource(rawValue: row.text(1)),
                let target = QualityTarget(kind: row.text(3), id: row.text(4))
            else { throw .database("observation '\(row.text(0))' is not one that this version can read") }
            observations.append(
                QualityObservation(
                    id: row.text(0), source: source, caller: row.text(2), target: target,
                    decisionID: row.optionalText(5), runID: row.text(6),
                    model: row.optionalText(7).map { ModelID($0) }, reference: row.optionalText(8).map { ModelID($0) },
                    policy: row.text(9), predictedQuality: row.optionalInteger(10).map { Double($0) / 1e6 },
                    predictedSimilarity: row.optionalInteger(11).map { Double($0) / 1e6 },
                    score: Double(row.integer(12)) / 1e6, comment: row.optionalText(13),
                    at: Timestamp(milliseconds: row.integer(14))))
        }
        return observations
    }

    /// Sums by source, model and policy over the observations since a moment.
    package func qualitySums(since moment: Timestamp) throws(LedgerError) -> [QualitySums] {
        try connection.rows(
            "SELECT source, model, policy, CAST(COUNT(*) AS BIGINT), CAST(SUM(score) AS BIGINT), "
                + "CAST(SUM(score * score / 1000000) AS BIGINT) FROM observation WHERE at >= ? "
                + "GROUP BY source, model, policy ORDER BY source, model, policy",
            [.integer(moment.milliseconds)]
        ).compactMap { row in
            guard let source = QualitySource(rawValue: row.text(0)) else { return nil }
            return QualitySums(
                source: source, model: row.optionalText(1).map { ModelID($0) }, policy: row.text(2),
                count: Int(row.integer(3)), sum: Double(row.integer(4)) / 1e6,
                sumOfSquares: Double(row.integer(5)) / 1e6)
        }
    }

    /// Inserts a version of the calibration, or changes status and note of the one with its number.
    package func saveCalibration(_ calibration: CalibrationRecord) throws(LedgerError) {
        try connection.execute(
            "INSERT INTO calibration (version, status, body, note, at) VALUES (\(Self.placeholders(5))) "
                + "ON CONFLICT (version) DO UPDATE SET status = excluded.status, note = excluded.note",
            [
                .integer(calibration.version), .text(calibration.status.rawValue), .blob(calibration.body),
                .text(calibration.note), .integer(calibration.at.milliseconds),
            ])
    }

    /// Versions of the calibration, newest first.
    package func calibrations(limit: Int) throws(LedgerError) -> [CalibrationRecord] {
        let rows = try connection.rows(
            "SELECT version, status, body, note, at FROM calibration WHERE version > 0 ORDER BY version DESC LIMIT ?",
            [.integer(max(limit, 0))])
        var calibrations: [CalibrationRecord] = []
        for row in rows {
            guard let status = CalibrationStatus(rawValue: row.text(1)) else {
                throw .database("calibration \(row.integer(0)) has the unknown status '\(row.text(1))'")
            }
            calibrations.append(
                CalibrationRecord(
                    version: Int(row.integer(0)), status: status, body: row.blob(2), note: row.text(3),
                    at: Timestamp(milliseconds: row.integer(4))))
        }
        return calibrations
    }

    /// Writes the state of the controllers of kappa, JSON that is opaque to the ledger; the last writer's counts.
    ///
    /// It is stored among the versions of the calibration, as number 0.
    package func saveControl(_ body: [UInt8], at now: Timestamp) throws(LedgerError) {
        try connection.execute(
            "INSERT INTO calibration (version, status, body, note, at) VALUES (0, 'control', ?, '', ?) "
                + "ON CONFLICT (version) DO UPDATE SET body = excluded.body, at = excluded.at",
            [.blob(body), .integer(now.milliseconds)])
    }

    /// The last state that `saveControl` wrote; nil before the first.
    package func control() throws(LedgerError) -> [UInt8]? {
        try connection.rows("SELECT body FROM calibration WHERE version = 0", []).first?.blob(0)
    }

    private static func millionths(_ number: Double) -> Int64? {
        guard (0...1).contains(number) else { return nil }
        return Int64((number * 1e6).rounded())
    }
}
