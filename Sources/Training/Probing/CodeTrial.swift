import Foundation

/// Runs Python code of a model against tests in a separate process.
///
/// Limits: 5 seconds of CPU and 10 of wall time, 512 MB of memory, files of 1 MB. The process has an empty environment,
/// a temporary folder and discarded output. That limits accidents and is no sandbox against hostile code, so the
/// operator has to allow it.
package struct CodeTrial: Sendable {
    /// Path of the Python interpreter.
    package private(set) var python: String
    var seconds = 10.0

    /// The first python3 of a search path that runs with an empty environment; nil without one.
    package init?(path: String = "/usr/bin:" + (ProcessInfo.processInfo.environment["PATH"] ?? "")) {
        for place in path.split(separator: ":") {
            python = "\(place)/python3"
            if FileManager.default.isExecutableFile(atPath: python), passes("", tests: "assert True") { return }
        }
        return nil
    }

    /// Whether the code in an answer (its fenced blocks, or all of it) passes the tests.
    package func passes(_ answer: String, tests: String) -> Bool {
        let blocks = AnswerUnwrapping.fencedBlocks(answer)
        let code = (blocks.isEmpty ? answer : blocks.joined(separator: "\n\n")) + "\n\n" + tests + "\n"
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("hera-trial-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try Data(code.utf8).write(to: folder.appendingPathComponent("answer.py"))
            return try run(in: folder)
        } catch {
            return false
        }
    }

    private func run(in folder: URL) throws -> Bool {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        // -I: ignore the environment and the folder when importing.
        process.arguments = [
            "-c", "ulimit -t 5 -v 524288 -f 2048 && exec \"$0\" -I -B answer.py", python,
        ]
        process.currentDirectoryURL = folder
        process.environment = [:]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        let end = Date().addingTimeInterval(seconds)
        while process.isRunning, Date() < end { usleep(10_000) }
        if process.isRunning {
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
            return false
        }
        process.waitUntilExit()
        return process.terminationReason == .exit && process.terminationStatus == 0
    }
}
