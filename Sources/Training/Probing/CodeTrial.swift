import Foundation

/// Runs Python that a model wrote against tests, in a process of its own.
///
/// The process has 5 seconds of processor and 10 of time, 512 MB of memory, no file longer than 1 MB, an empty
/// environment, a folder of its own that is deleted afterwards, and no output that anybody reads. That keeps accidents
/// small; it is no prison for hostile code, so it is only used where the operator allows it.
package struct CodeTrial: Sendable {
    /// Where Python is.
    package private(set) var python: String
    var seconds = 10.0

    /// The first python3 of a search path that runs without any environment; nil where there is none.
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
        // -I: neither the environment nor the folder lead Python to other code.
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
