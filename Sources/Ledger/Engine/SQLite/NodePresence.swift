import Domain

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Shows other processes on the same file that this one is running, and checks whether they are.
///
/// Every store locks one byte of a file next to the database. The kernel releases the lock when the process ends in any
/// way, so a lock that can be acquired means a dead owner. Locks belong to the open file description (`F_OFD_SETLK`),
/// and so also exclude two stores of one process.
final class NodePresence: Sendable {
    /// `SLOT-RANDOM`: the locked byte, and a number that distinguishes its owners over time.
    let owner: String
    private let descriptor: Int32
    private let slot: Int64

    private static let mostNodes: Int64 = 1024

    init(path: String) throws(LedgerError) {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw .cannotOpen(database: path, detail: String(cString: strerror(errno)))
        }
        guard let slot = (0..<Self.mostNodes).first(where: { Self.lock($0, of: descriptor) }) else {
            _ = Glibc.close(descriptor)
            throw .cannotOpen(
                database: path, detail: "\(Self.mostNodes) processes use it already, or it cannot be locked")
        }
        self.descriptor = descriptor
        self.slot = slot
        owner = "\(slot)-\(String(UInt64.random(in: .min ... .max), radix: 36))"
    }

    deinit { _ = Glibc.close(descriptor) }

    func isAlive(_ other: String) -> Bool {
        if other == owner { return true }
        guard let text = other.split(separator: "-").first, let slot = Int64(text), slot != self.slot,
            (0..<Self.mostNodes).contains(slot)
        else { return false }
        guard Self.lock(slot, of: descriptor) else { return true }
        Self.unlock(slot, of: descriptor)
        return false
    }

    /// Releases the slot when the store is closed.
    func leave() { Self.unlock(slot, of: descriptor) }

    private static func lock(_ slot: Int64, of descriptor: Int32) -> Bool {
        var region = flock(
            l_type: Int16(F_WRLCK), l_whence: Int16(SEEK_SET), l_start: Int(slot), l_len: 1, l_pid: 0)
        return fcntl(descriptor, setLock, &region) == 0
    }

    private static func unlock(_ slot: Int64, of descriptor: Int32) {
        var region = flock(
            l_type: Int16(F_UNLCK), l_whence: Int16(SEEK_SET), l_start: Int(slot), l_len: 1, l_pid: 0)
        _ = fcntl(descriptor, setLock, &region)
    }

    /// `F_OFD_SETLK` of <fcntl.h>, which Swift's overlay lacks.
    private static let setLock: Int32 = 37
}
