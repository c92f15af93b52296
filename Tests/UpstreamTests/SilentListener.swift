#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A port on 127.0.0.1 with a full accept queue, so a further connection gets no answer from the kernel.
final class SilentListener: Sendable {
    let port: UInt16
    private let sockets: [Int32]

    init?() {
        let listener = Self.socket()
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) == 0 && listen(listener, 0) == 0 && getsockname(listener, $0, &length) == 0
            }
        }
        guard isBound else {
            close(listener)
            return nil
        }
        port = UInt16(bigEndian: address.sin_port)
        // The kernel accepts one or two connections beyond the backlog; these fill the queue.
        let fillers = (0..<4).map { _ in Self.socket() }
        for filler in fillers {
            _ = fcntl(filler, F_SETFL, O_NONBLOCK)
            withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { _ = connect(filler, $0, length) }
            }
        }
        sockets = [listener] + fillers
    }

    deinit {
        for socket in sockets { close(socket) }
    }

    private static func socket() -> Int32 {
        #if canImport(Glibc)
            Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #else
            Darwin.socket(AF_INET, SOCK_STREAM, 0)
        #endif
    }
}
