#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A thread outside the cooperative pool, for blocking socket I/O.
enum TransferThread {
    private final class Work {
        let run: @Sendable () -> Void

        init(_ run: @escaping @Sendable () -> Void) {
            self.run = run
        }
    }

    /// Runs the closure on a new thread; false when the system cannot create one.
    static func start(_ run: @escaping @Sendable () -> Void) -> Bool {
        let work = Unmanaged.passRetained(Work(run))
        #if canImport(Glibc)
            var thread = pthread_t()
        #else
            var thread: pthread_t?
        #endif
        let code = pthread_create(&thread, nil, transferThreadMain, work.toOpaque())
        guard code == 0 else {
            work.release()
            return false
        }
        #if canImport(Glibc)
            pthread_detach(thread)
        #else
            if let thread { pthread_detach(thread) }
        #endif
        return true
    }

    #if canImport(Glibc)
        private static let transferThreadMain: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = {
            body($0)
        }
    #else
        private static let transferThreadMain: @convention(c) (UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? = {
            body($0)
        }
    #endif

    private static func body(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
        // Blocks all signals, above all SIGPIPE: a peer that hangs up during a TLS write would end the process.
        var all = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_BLOCK, &all, nil)
        if let context { Unmanaged<Work>.fromOpaque(context).takeRetainedValue().run() }
        return nil
    }
}
