extension PostgreSQLConnection {
    /// Ends the session of a node that has the turn and says nothing, where this connection waited for it in vain.
    ///
    /// The node stands still (a machine that sleeps, a stopped process) or is gone without a word, maybe in the middle of
    /// what it sends, where no timeout of the server's counts. Its turn is undone. A node that is at work, however long,
    /// is left alone: the server does not wait for it.
    func endSilentTurn(seconds: Double) {
        guard hasWaitedInVain else { return }
        hasWaitedInVain = false
        if isInTransaction || !isUsable { return }
        // A little less than what was waited for, so that the first one to wait so long need not wait again.
        let silence = Int64(seconds * 1000) * 4 / 5
        _ = try? row(
            Self.endSilent,
            [
                .integer(SQLDialect.turnLock >> 32), .integer(SQLDialect.turnLock & 0xffff_ffff),
                .integer(silence),
            ])
    }

    /// A number of 64 bits is kept as `classid` and `objid`, with `objsubid` 1 (PostgreSQL, pg_locks).
    private static let endSilent = """
        SELECT COUNT(pg_terminate_backend(pid)) FROM pg_locks JOIN pg_stat_activity USING (pid)
        WHERE locktype = 'advisory' AND granted AND objsubid = 1
        AND CAST(classid AS BIGINT) = ? AND CAST(objid AS BIGINT) = ?
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND wait_event_type = 'Client' AND state_change < clock_timestamp() - CAST(? AS BIGINT) * INTERVAL '1 millisecond'
        """
}
