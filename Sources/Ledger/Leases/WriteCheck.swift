#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

extension LedgerStore {
    /// Bytes that the ledger's disk has to have free.
    static let leastFreeBytes: UInt64 = 8 << 20

    /// The owner of the row that the check writes. It is no node, and is forgotten like one that ended.
    private static let checkedOwner = "readiness"

    /// Checks that the ledger can be written now, by writing a row, and by the room on its disk.
    ///
    /// Throws `diskFull` and the other errors of a write.
    package func checkWritable() async throws(LedgerError) {
        try await write { transaction in
            try transaction.connection.execute(
                "INSERT INTO node (owner, until, lease_ms) VALUES (?, 0, 0) "
                    + "ON CONFLICT (owner) DO UPDATE SET until = excluded.until", [.text(Self.checkedOwner)])
        }
        guard let path = database.filePath, let free = Self.freeBytes(at: path) else { return }
        if free < Self.leastFreeBytes { throw .diskFull(database: path) }
    }

    /// Bytes that the file system of a path has free for this user; nil where it cannot be asked.
    private static func freeBytes(at path: String) -> UInt64? {
        var facts = statvfs()
        guard statvfs(path, &facts) == 0 else { return nil }
        return UInt64(facts.f_bavail) * UInt64(facts.f_frsize)
    }
}
