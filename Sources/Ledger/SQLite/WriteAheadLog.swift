import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The write-ahead log beside a SQLite file, put on disk without holding the writer.
///
/// SQLite in `synchronous=NORMAL` writes every commit to the log and leaves the disk to whoever asks; this asks. The
/// file stays the same one as long as a connection is open, and `fdatasync` is for a file and not for who wrote to it.
final class WriteAheadLog: Sendable {
    private let path: String
    /// Below zero until the first flush; the file may not be there before the first commit.
    private let descriptor = Mutex<Int32>(-1)

    init(ofDatabase path: String) { self.path = path + "-wal" }

    deinit { close() }

    func flush() throws(LedgerError) {
        let fault = descriptor.withLock { descriptor -> Int32 in
            if descriptor < 0 { descriptor = open(path, O_RDWR | O_CLOEXEC) }
            guard descriptor >= 0 else { return errno }
            return fdatasync(descriptor) == 0 ? 0 : errno
        }
        if fault != 0 { throw .writesLost(database: path, detail: String(cString: strerror(fault))) }
    }

    func close() {
        descriptor.withLock { descriptor in
            if descriptor >= 0 { _ = Glibc.close(descriptor) }
            descriptor = -1
        }
    }
}
