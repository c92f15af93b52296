import Dispatch

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Runs a command within bounds of time and output, without a shell.
///
/// The command has the environment that it is given, and a process group of its own, which is killed at the end, so that
/// nothing it started stays behind.
package struct BoundedCommand: Sendable {
    /// The program by its path, or by a name that is looked for in `PATH`, and its arguments.
    let words: [String]
    /// `NAME=value` each.
    let environment: [String]
    let timeoutSeconds: Double
    let outputBytes: Int
    /// Whether what it writes to its standard error counts as output; else that is dropped.
    let keepsErrors: Bool

    /// How a command ended.
    package enum Result: Hashable, Sendable {
        /// Its status, or 128 and the number of the signal that ended it.
        case ended(status: Int32, output: [UInt8])
        case notStarted(String)
        case tooLong
        case tooMuchOutput
    }

    package init(
        words: [String], environment: [String], timeoutSeconds: Double, outputBytes: Int, keepsErrors: Bool = true
    ) {
        self.words = words
        self.environment = environment
        self.timeoutSeconds = timeoutSeconds
        self.outputBytes = outputBytes
        self.keepsErrors = keepsErrors
    }

    /// Runs until the command ends, on a thread that may wait.
    package func result(input: [UInt8] = []) async -> Result {
        await withCheckedContinuation { continuation in
            start(input: input) { continuation.resume(returning: $0) }
        }
    }

    /// Runs on a thread that may wait, and hands over the result there.
    func start(input: [UInt8] = [], _ end: @escaping @Sendable (Result) -> Void) {
        DispatchQueue.global(qos: .utility).async { end(run(input: input)) }
    }

    /// The first line of an output that is not blank, shortened to 300 bytes.
    package static func firstLine(of output: [UInt8]) -> String {
        let line = output.drop { $0 <= 0x20 }.prefix { $0 != 0x0A }
        return String(decoding: line.prefix(300), as: UTF8.self)
    }

    /// Runs until the command ends; blocks its thread.
    func run(input: [UInt8]) -> Result {
        guard let (ours, theirs) = Self.socketPair() else { return .notStarted("no socket could be made") }
        defer { close(ours) }
        let process = spawn(theirs)
        close(theirs)
        switch process {
        case .failure(let error): return .notStarted(error.words)
        case .success(let id):
            var exchange = Exchange(id: id, socket: ours, input: input, command: self)
            return exchange.run()
        }
    }

    private struct SpawnError: Error {
        let words: String
    }

    private static func socketPair() -> (Int32, Int32)? {
        var ends: [Int32] = [-1, -1]
        #if canImport(Glibc)
            let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        #else
            let kind = SOCK_STREAM
        #endif
        return socketpair(AF_UNIX, kind, 0, &ends) == 0 ? (ends[0], ends[1]) : nil
    }

    /// Starts the command with a socket as its standard files and no other open file.
    private func spawn(_ socket: Int32) -> Swift.Result<pid_t, SpawnError> {
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        for file in [STDIN_FILENO, STDOUT_FILENO] { posix_spawn_file_actions_adddup2(&actions, socket, file) }
        if keepsErrors {
            posix_spawn_file_actions_adddup2(&actions, socket, STDERR_FILENO)
        } else {
            posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0)
        }
        // Most files of this process are closed at a start anyway. A file that is gone by then is no error.
        for file in Self.openFiles() where file > STDERR_FILENO { posix_spawn_file_actions_addclose(&actions, file) }
        var noSignals = sigset_t()
        sigemptyset(&noSignals)
        posix_spawnattr_setsigmask(&attributes, &noSignals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK))
        var arguments = words.map { strdup($0) } + [nil]
        var variables = environment.map { strdup($0) } + [nil]
        defer { for text in arguments + variables { free(text) } }
        var id = pid_t()
        let code = posix_spawnp(&id, words[0], &actions, &attributes, &arguments, &variables)
        guard code == 0 else { return .failure(SpawnError(words: String(cString: strerror(code)))) }
        return .success(id)
    }

    /// The files that this process has open; empty where the system does not list them.
    private static func openFiles() -> [Int32] {
        guard let folder = opendir("/proc/self/fd") else { return [] }
        defer { closedir(folder) }
        let own = dirfd(folder)
        var files: [Int32] = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if let file = Int32(name), file != own { files.append(file) }
        }
        return files
    }

    /// One run of a started command.
    private struct Exchange {
        let id: pid_t
        let socket: Int32
        let input: [UInt8]
        let command: BoundedCommand
        private var sent = 0
        private var output: [UInt8] = []

        /// Milliseconds between looks at whether the command has ended.
        private static let pause: Int32 = 20

        init(id: pid_t, socket: Int32, input: [UInt8], command: BoundedCommand) {
            self.id = id
            self.socket = socket
            self.input = input
            self.command = command
        }

        mutating func run() -> Result {
            let end = ContinuousClock.now + .seconds(command.timeoutSeconds)
            if input.isEmpty { shutdown(socket, Int32(SHUT_WR)) }
            var status: Int32 = 0
            var hasEnded = false
            defer {
                kill(-id, SIGKILL)
                if !hasEnded { waitpid(id, &status, 0) }
            }
            var isOpen = true
            while true {
                if isOpen { isOpen = exchange() } else { usleep(useconds_t(Self.pause) * 1000) }
                if output.count > command.outputBytes { return .tooMuchOutput }
                if hasEnded || waitpid(id, &status, WNOHANG) == id {
                    hasEnded = true
                    // What it wrote before its end is there already.
                    if isOpen { _ = receive() }
                    if output.count > command.outputBytes { return .tooMuchOutput }
                    let signal = status & 0x7F
                    return .ended(status: signal == 0 ? (status >> 8) & 0xFF : 128 + signal, output: output)
                }
                if ContinuousClock.now >= end { return .tooLong }
            }
        }

        /// Waits a moment for the socket, then sends and receives. Returns false where the command has closed it.
        private mutating func exchange() -> Bool {
            let wanted = Int16(POLLIN) | (sent < input.count ? Int16(POLLOUT) : 0)
            var file = pollfd(fd: socket, events: wanted, revents: 0)
            guard poll(&file, 1, Self.pause) > 0 else { return true }
            if file.revents & Int16(POLLOUT) != 0 { send() }
            guard file.revents & (Int16(POLLIN) | Int16(POLLHUP) | Int16(POLLERR)) != 0 else { return true }
            return receive()
        }

        private mutating func send() {
            // No signal where the command has closed its input.
            let flags = Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)
            let count = input[sent...].withUnsafeBytes {
                Glibc.send(socket, $0.baseAddress, min($0.count, 64 << 10), flags)
            }
            if count > 0 { sent += count }
            // A command may end its reading early.
            if count < 0, errno != EAGAIN, errno != EINTR { sent = input.count }
            if sent == input.count { shutdown(socket, Int32(SHUT_WR)) }
        }

        /// Reads what is there. Returns false at the end of the output.
        private mutating func receive() -> Bool {
            var buffer = [UInt8](repeating: 0, count: 16 << 10)
            while output.count <= command.outputBytes {
                let count = recv(socket, &buffer, buffer.count, Int32(MSG_DONTWAIT))
                if count > 0 {
                    output += buffer.prefix(count)
                } else {
                    return count < 0 && (errno == EAGAIN || errno == EINTR)
                }
            }
            return true
        }
    }
}
