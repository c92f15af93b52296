import Domain
import Foundation
import JSON
import Synchronization
import TestSupport

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// The built `hera` as a child process that can be killed.
final class HeraProcess: Sendable {
    private let process: Mutex<Process>
    let port: Int
    /// The working directory, with its catalog.
    let folder: URL

    private init(_ process: Process, port: Int, folder: URL) {
        self.process = Mutex(process)
        self.port = port
        self.folder = folder
    }

    /// Creates a folder with a catalog of one model at a scripted server.
    ///
    /// - Parameters:
    ///   - inputPrice: USD per million input tokens; output costs 2.
    ///   - priceDay: the day of November 2026 of the price.
    static func folder(modelsAt baseURL: String, inputPrice: Int = 1, priceDay: Int = 1) throws -> URL {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("hera-process-\(UUID())")
        let catalog = folder.appendingPathComponent("Catalog")
        try FileManager.default.createDirectory(at: catalog, withIntermediateDirectories: true)
        let yaml = """
            models:
              - id: test/small
                provider: test
                base_url: \(baseURL)
                wire: openai
                placement: cloud
                upstream_name: test/small
                tier: small
                context: 4096
                max_output: 256
                capabilities: [tools, streaming]
                prices: {input: \(inputPrice), output: 2, source: test, as_of: 2026-11-\(priceDay < 10 ? "0" : "")\(priceDay)}
            """
        try yaml.write(to: catalog.appendingPathComponent("test.yaml"), atomically: true, encoding: .utf8)
        return folder
    }

    /// Starts the service on a free port and waits until a model is live.
    ///
    /// - Parameters:
    ///   - database: the ledger's URL; defaults to a file in the folder.
    ///   - leaseSeconds: silence after which other nodes take over its leases.
    ///   - settings: replaces the whole settings file.
    ///   - environment: further variables. With any, the log is kept in the folder.
    static func start(
        in folder: URL, database: String = "sqlite:hera.sqlite", leaseSeconds: Double = 15, settings: String? = nil,
        environment: [String: String] = [:]
    ) async throws -> HeraProcess {
        let config = folder.appendingPathComponent("hera.yaml")
        try (settings ?? "limits: {lease_s: \(leaseSeconds)}\n").write(to: config, atomically: true, encoding: .utf8)
        let port = Int.random(in: 10_000...30_000)
        let process = Process()
        process.executableURL = try binary()
        process.currentDirectoryURL = folder
        process.arguments = [
            "serve", "--port", "\(port)", "--catalog", "Catalog", "--config", "hera.yaml", "--database", database,
        ]
        process.environment = ProcessInfo.processInfo.environment.merging(["TEST_KEY": "secret-of-tests"]) { $1 }
            .merging(environment) { $1 }
        if environment.isEmpty {
            process.standardError = FileHandle.nullDevice
        } else {
            let log = folder.appendingPathComponent("log")
            try Data().write(to: log)
            process.standardError = try FileHandle(forWritingTo: log)
        }
        try process.run()
        let hera = HeraProcess(process, port: port, folder: folder)
        do {
            try await waitUntil("hera serve on port \(port)") {
                (try? await hera.request("GET", "/readyz"))?["status"]?.string == "ready"
            }
        } catch {
            hera.kill()
            throw error
        }
        return hera
    }

    /// What was logged, where the log is kept.
    var log: String { (try? String(contentsOf: folder.appendingPathComponent("log"), encoding: .utf8)) ?? "" }

    /// Sends SIGKILL.
    func kill() {
        process.withLock { process in
            guard process.isRunning else { return }
            Foundation.kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
        }
    }

    /// Sends SIGHUP.
    func hangUp() { process.withLock { _ = Foundation.kill($0.processIdentifier, SIGHUP) } }

    /// Suspends the process until it is resumed, as on a sleeping machine.
    func pause() { process.withLock { _ = Foundation.kill($0.processIdentifier, SIGSTOP) } }

    func resume() { process.withLock { _ = Foundation.kill($0.processIdentifier, SIGCONT) } }

    /// Sends SIGTERM and expects a clean exit.
    func end() throws {
        try process.withLock { process in
            process.terminate()
            process.waitUntilExit()
            guard process.terminationStatus == 0 else { throw TimedOut("exit code 0") }
        }
    }

    /// Waits for the process to exit and returns its exit code.
    func exitCode() async throws -> Int32 {
        try await waitFor("the end of hera serve") {
            process.withLock { $0.isRunning ? nil : $0.terminationStatus }
        }
    }

    /// Runs a command to its end and returns its output.
    static func command(_ arguments: [String]) throws -> String {
        let process = Process()
        process.executableURL = try binary()
        process.arguments = arguments
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw TimedOut("exit code 0 of \(arguments)") }
        return String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }

    func request(_ method: String, _ path: String, body: String? = nil, key: String? = nil) async throws -> JSONValue {
        try await answer(method, path, body: body, key: key).root
    }

    /// Sends a request and returns status and body.
    func answer(
        _ method: String, _ path: String, body: String? = nil, key: String? = nil, headers: [String: String] = [:]
    ) async throws -> (status: Int, root: JSONValue) {
        guard let url = URL(string: "http://127.0.0.1:\(port)\(path)") else { throw TimedOut(path) }
        var request = URLRequest(url: url)
        request.httpMethod = method
        request.httpBody = body.map { Data($0.utf8) }
        for (name, value) in headers { request.setValue(value, forHTTPHeaderField: name) }
        if let key { request.setValue("Bearer \(key)", forHTTPHeaderField: "Authorization") }
        let (data, response) = try await URLSession.shared.data(for: request)
        return ((response as? HTTPURLResponse)?.statusCode ?? 0, try JSONDocument(Array(data)).root)
    }

    /// The body of a response that is not JSON.
    func text(_ path: String) async throws -> String {
        guard let url = URL(string: "http://127.0.0.1:\(port)\(path)") else { throw TimedOut(path) }
        return String(decoding: try await URLSession.shared.data(from: url).0, as: UTF8.self)
    }

    /// The executable next to the test bundle.
    static func binary() throws -> URL {
        var folder = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let places = [folder, root.appendingPathComponent(".build/debug")]
        for place in places {
            folder = place.appendingPathComponent("hera")
            if FileManager.default.isExecutableFile(atPath: folder.path) { return folder }
        }
        throw TimedOut("the hera executable in \(places.map(\.path))")
    }
}

/// A completed run of `hera`: output and exit code.
struct HeraCommand {
    let output: String
    let errors: String
    let code: Int32

    /// - Parameters:
    ///   - folder: the working directory.
    ///   - environment: the whole environment of the program.
    init(_ arguments: [String], in folder: URL, environment: [String: String] = [:]) throws {
        let process = Process()
        process.executableURL = try HeraProcess.binary()
        process.currentDirectoryURL = folder
        process.arguments = arguments
        process.environment = environment
        let (output, errors) = (Pipe(), Pipe())
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        self.output = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        self.errors = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        code = process.terminationStatus
    }
}
