import Foundation

@testable import Ledger

/// A PostgreSQL server of a test's own: a fresh cluster that listens on a socket in its directory only.
struct TemporaryPostgreSQL {
    private let directory: String
    private var process: Process
    /// An empty database.
    var url: String { "postgres://postgres@/postgres?host=\(directory)" }

    /// Where Debian keeps the programs of the server, or nil where it is not installed.
    private static let programs = ["17", "16", "15", "14"].map { "/usr/lib/postgresql/\($0)/bin" }
        .first { FileManager.default.isExecutableFile(atPath: "\($0)/initdb") }

    static var isAvailable: Bool { programs != nil }

    private init() throws {
        directory = "/tmp/hera-postgres-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        try Self.run("/bin/cp", ["-a", try Self.template.get(), "\(directory)/data"])
        if getuid() == 0 { try Self.run("/bin/chown", ["postgres", directory]) }
        process = try Self.start(in: directory)
    }

    /// A name of its own for each test target of the process, and never that of a process that was killed.
    private static let templatePath = "/tmp/hera-postgres-template-\(UUID().uuidString.prefix(8))"

    /// An empty cluster, made once: making one takes longer than most tests. It goes when the process ends.
    private static let template = Result { () throws -> String in
        try FileManager.default.createDirectory(atPath: templatePath, withIntermediateDirectories: true)
        atexit { try? FileManager.default.removeItem(atPath: TemporaryPostgreSQL.templatePath) }
        if getuid() == 0 { try run("/bin/chown", ["postgres", templatePath]) }
        try finish(program("initdb", ["-D", templatePath, "-U", "postgres", "-A", "trust", "-N", "--no-locale"]))
        return templatePath
    }

    /// The server itself, as a child of this process.
    private static func start(in directory: String) throws -> Process {
        let server = program(
            "postgres",
            [
                "-D", "\(directory)/data", "-k", directory, "-c", "listen_addresses=", "-c", "max_connections=60", "-c",
                "shared_buffers=32MB", "-c", "full_page_writes=off", "-c", "autovacuum=off",
            ])
        try server.run()
        for _ in 0..<300 {
            if (try? finish(program("pg_isready", ["-q", "-h", directory]))) != nil { return server }
            usleep(50_000)
        }
        throw Failure(command: "postgres did not start")
    }

    /// Ends the server as a crash would, and starts it again.
    mutating func crashAndRestart() throws {
        stop()
        process = try Self.start(in: directory)
    }

    /// SIGQUIT: an immediate shutdown, which leaves recovery to the next start.
    private func stop() {
        kill(process.processIdentifier, SIGQUIT)
        process.waitUntilExit()
    }

    /// Runs a body with a fresh server, and stops and removes it afterwards.
    static func with(_ body: (inout TemporaryPostgreSQL) async throws -> Void) async throws {
        var server = try TemporaryPostgreSQL()
        do {
            try await body(&server)
            server.remove()
        } catch {
            server.remove()
            throw error
        }
    }

    private func remove() {
        stop()
        try? FileManager.default.removeItem(atPath: directory)
    }

    /// A program of the server, which refuses to be run by root.
    private static func program(_ name: String, _ arguments: [String]) -> Process {
        let path = "\(programs ?? "")/\(name)"
        let isRoot = getuid() == 0
        let process = Process()
        process.executableURL = URL(fileURLWithPath: isRoot ? "/usr/bin/setpriv" : path)
        let become = ["--reuid=postgres", "--regid=postgres", "--clear-groups", path]
        process.arguments = isRoot ? become + arguments : arguments
        process.currentDirectoryURL = URL(fileURLWithPath: "/tmp")
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        return process
    }

    private struct Failure: Error {
        let command: String
    }

    private static func run(_ program: String, _ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        try finish(process)
    }

    private static func finish(_ process: Process) throws {
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failure(
                command: ([process.executableURL?.path ?? ""] + (process.arguments ?? [])).joined(separator: " "))
        }
    }
}
