import Foundation
import TestSupport

@testable import Ledger

/// A PostgreSQL server of one test: a fresh cluster on a Unix socket in its directory.
struct TemporaryPostgreSQL {
    private let directory: String
    private var process: Process
    /// The URL of an empty database.
    var url: String { "postgres://postgres@/postgres?host=\(directory)" }

    /// Debian's directory of the server programs, or nil if not installed.
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

    /// Unique per test target and process, so never that of a killed process.
    private static let templatePath = "/tmp/hera-postgres-template-\(UUID().uuidString.prefix(8))"

    /// A template cluster, created once: `initdb` takes longer than most tests. Removed at process exit.
    private static let template = Result { () throws -> String in
        try FileManager.default.createDirectory(atPath: templatePath, withIntermediateDirectories: true)
        atexit { try? FileManager.default.removeItem(atPath: TemporaryPostgreSQL.templatePath) }
        if getuid() == 0 { try run("/bin/chown", ["postgres", templatePath]) }
        try finish(program("initdb", ["-D", templatePath, "-U", "postgres", "-A", "trust", "-N", "--no-locale"]))
        return templatePath
    }

    /// The server, a child of this process.
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

    /// Crashes and restarts the server.
    mutating func crashAndRestart() throws {
        stop()
        process = try Self.start(in: directory)
    }

    /// SIGQUIT: an immediate shutdown; the next start runs recovery.
    private func stop() {
        kill(process.processIdentifier, SIGQUIT)
        process.waitUntilExit()
    }

    /// Runs a body with a fresh server, then stops and removes it.
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

    /// Runs a server program, which refuses to run as root.
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
