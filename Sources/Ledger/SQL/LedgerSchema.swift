/// The tables, as steps from an empty database to the present one. A step that was released never changes.
struct LedgerMigration: Sendable {
    let name: String
    private let statements: [String]

    /// The statements in a dialect.
    func statements(in dialect: SQLDialect) -> [String] {
        statements.map { Self.translate($0, to: dialect) }
    }

    /// Statements are written for SQLite with a few marks that stand for what differs.
    private static func translate(_ statement: String, to dialect: SQLDialect) -> String {
        let words: [(String, String)] =
            switch dialect {
            case .sqlite:
                [
                    ("{serial}", "INTEGER PRIMARY KEY AUTOINCREMENT"), ("{integer}", "INTEGER"), ("{bytes}", "BLOB"),
                    ("{strict}", " STRICT"), ("{keyed}", " STRICT, WITHOUT ROWID"), ("{named}", " REFERENCES name"),
                ]
            case .postgreSQL:
                [
                    ("{serial}", "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY"), ("{integer}", "BIGINT"),
                    ("{bytes}", "BYTEA"), ("{strict}", ""), ("{keyed}", ""),
                    // Thirteen foreign keys took three quarters of the time of an insertion.
                    ("{named}", ""),
                ]
            }
        var text = statement
        for (mark, word) in words {
            text = text.split(separator: mark, omittingEmptySubsequences: false).joined(separator: word)
        }
        return text
    }

    static let all: [LedgerMigration] = [
        LedgerMigration(name: "1 money, decisions and jobs", statements: first),
        LedgerMigration(name: "2 keys, files and batches", statements: second),
        LedgerMigration(name: "3 leases", statements: third),
        LedgerMigration(name: "4 measured quality", statements: quality),
        LedgerMigration(name: "5 files that end, batches that are cancelled", statements: files),
        LedgerMigration(name: "6 batches at providers", statements: providerBatches),
        LedgerMigration(name: "7 shared rates", statements: rates),
        LedgerMigration(name: "8 requests told again", statements: requests),
        LedgerMigration(name: "9 sessions", statements: sessions),
        LedgerMigration(name: "10 roll-ups that follow the entries", statements: rollups),
        LedgerMigration(name: "11 latencies of calls that are waited for", statements: latencies),
    ]

    /// All money is in nano-USD, energy in microjoules, latency in microseconds, time in milliseconds since 1970.
    private static let first: [String] = [
        "CREATE TABLE name (id {serial}, label TEXT NOT NULL UNIQUE){strict}",
        "CREATE TABLE entry (sequence {serial}, id TEXT NOT NULL UNIQUE, at {integer} NOT NULL, "
            + "charged_at {integer} NOT NULL, kind {integer} NOT NULL{named}, reservation TEXT, "
            + "reserved_nano {integer}, corrects TEXT, uncertain {integer} NOT NULL, \(call), "
            + "served_model {integer}{named}, input {integer} NOT NULL, cached_read {integer} NOT NULL, "
            + "cache_write_5m {integer} NOT NULL, cache_write_1h {integer} NOT NULL, output {integer} NOT NULL, "
            + "reasoning {integer} NOT NULL, audio_input {integer} NOT NULL, audio_output {integer} NOT NULL, "
            + "requests {integer} NOT NULL, api {integer} NOT NULL, energy_cost {integer} NOT NULL, "
            + "hardware {integer} NOT NULL, energy_uj {integer} NOT NULL, latency_us {integer} NOT NULL, "
            + "energy_provenance {integer} NOT NULL{named}, first_token_us {integer}, "
            + "outcome {integer} NOT NULL{named}, http_status {integer}){strict}",
        "CREATE INDEX entry_charged_at ON entry (charged_at)",
        "CREATE INDEX entry_run ON entry (run)",
        "CREATE UNIQUE INDEX entry_reservation ON entry (reservation) WHERE reservation IS NOT NULL",
        "CREATE INDEX entry_corrects ON entry (corrects) WHERE corrects IS NOT NULL",
        "CREATE INDEX entry_job ON entry (job) WHERE job IS NOT NULL",
        "CREATE INDEX entry_session ON entry (session) WHERE session IS NOT NULL",
        "CREATE INDEX entry_batch ON entry (batch) WHERE batch IS NOT NULL",
        "CREATE TABLE reservation (id TEXT PRIMARY KEY, at {integer} NOT NULL, owner TEXT NOT NULL, "
            + "bound_nano {integer} NOT NULL, bound_tokens {integer} NOT NULL, bound_uj {integer} NOT NULL, "
            + "\(call)){keyed}",
        "CREATE TABLE budget (id {serial}, scope TEXT NOT NULL, unit TEXT NOT NULL, period TEXT NOT NULL, "
            + "mode TEXT NOT NULL, amount {integer} NOT NULL, changed_at {integer} NOT NULL, "
            + "UNIQUE (scope, unit, period)){strict}",
        "CREATE TABLE budget_total (budget {integer} NOT NULL, start {integer} NOT NULL, spent {integer} NOT NULL, "
            + "reserved {integer} NOT NULL, PRIMARY KEY (budget, start)){keyed}",
        rollupTable(named: "rollup"),
        "CREATE TABLE decision (id TEXT PRIMARY KEY, run TEXT NOT NULL, at {integer} NOT NULL, team TEXT, api_key TEXT, "
            + "session TEXT, job TEXT, batch TEXT, body {bytes} NOT NULL){strict}",
        "CREATE TABLE step (id TEXT PRIMARY KEY, run TEXT NOT NULL, position {integer} NOT NULL, decision TEXT, "
            + "entry TEXT, model TEXT, detail {bytes} NOT NULL, at {integer} NOT NULL){strict}",
        "CREATE INDEX step_run ON step (run, position)",
        "CREATE TABLE job (id TEXT PRIMARY KEY, status TEXT NOT NULL, spec {bytes} NOT NULL, state {bytes} NOT NULL, "
            + "result {bytes}, failure TEXT, team TEXT, api_key TEXT, session TEXT, batch TEXT, "
            + "created_at {integer} NOT NULL, updated_at {integer} NOT NULL){strict}",
        "CREATE INDEX job_status ON job (status, created_at)",
        "CREATE TABLE event (job TEXT NOT NULL, sequence {integer} NOT NULL, type TEXT NOT NULL, "
            + "data {bytes} NOT NULL, at {integer} NOT NULL, PRIMARY KEY (job, sequence)){keyed}",
    ]

    private static let second: [String] = [
        "CREATE TABLE access_key (id TEXT PRIMARY KEY, team TEXT, label TEXT NOT NULL, created_at {integer} NOT NULL, "
            + "expires_at {integer}, revoked_at {integer}, models {bytes} NOT NULL, policy TEXT, "
            + "requests_per_minute {integer}, tokens_per_minute {integer}, salt {bytes} NOT NULL, "
            + "hash {bytes} NOT NULL){strict}",
        "CREATE TABLE file (id TEXT PRIMARY KEY, purpose TEXT NOT NULL, name TEXT NOT NULL, "
            + "byte_count {integer} NOT NULL, api_key TEXT, created_at {integer} NOT NULL){strict}",
        "CREATE TABLE file_chunk (file TEXT NOT NULL, number {integer} NOT NULL, data {bytes} NOT NULL, "
            + "PRIMARY KEY (file, number)){strict}",
        "CREATE TABLE batch (id TEXT PRIMARY KEY, status TEXT NOT NULL, endpoint TEXT NOT NULL, input_file TEXT, "
            + "output_file TEXT, error_file TEXT, metadata {bytes} NOT NULL, state {bytes} NOT NULL, team TEXT, "
            + "api_key TEXT, session TEXT, job TEXT, created_at {integer} NOT NULL, updated_at {integer} NOT NULL, "
            + "expires_at {integer}){strict}",
        "CREATE TABLE batch_row (batch TEXT NOT NULL, line {integer} NOT NULL, custom_id TEXT NOT NULL, "
            + "request {bytes} NOT NULL, status TEXT NOT NULL, owner TEXT, response {bytes}, entry TEXT, "
            + "PRIMARY KEY (batch, line), UNIQUE (batch, custom_id)){strict}",
        "CREATE INDEX batch_row_status ON batch_row (batch, status, line)",
        "CREATE INDEX batch_row_owner ON batch_row (owner) WHERE owner IS NOT NULL",
    ]

    /// `until` and `lease_ms` are milliseconds of the database's lease clock.
    private static let third: [String] =
        ["CREATE TABLE node (owner TEXT PRIMARY KEY, until {integer} NOT NULL, lease_ms {integer} NOT NULL){keyed}"]
        + ["job", "batch"].flatMap { table in
            [
                "ALTER TABLE \(table) ADD COLUMN owner TEXT",
                "ALTER TABLE \(table) ADD COLUMN lease {integer} NOT NULL DEFAULT 0",
                "CREATE INDEX \(table)_owner ON \(table) (owner) WHERE owner IS NOT NULL",
            ]
        }

    /// The columns of `CallColumns`.
    private static let call = CallColumns.names.map { name in
        switch name {
        case "run", "model", "provider", "placement", "tier", "catalog": "\(name) {integer} NOT NULL{named}"
        case "decision": "decision TEXT"
        case "predicted_api", "predicted_energy_cost", "predicted_hardware", "predicted_energy_uj",
            "predicted_latency_us":
            "\(name) {integer} NOT NULL"
        case "price_day", "baseline_api", "baseline_energy_cost", "baseline_hardware", "baseline_energy_uj",
            "baseline_latency_us":
            "\(name) {integer}"
        default: "\(name) {integer}{named}"
        }
    }.joined(separator: ", ")
}
