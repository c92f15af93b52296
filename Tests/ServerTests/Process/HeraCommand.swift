import Foundation

/// A run of `hera` that ends by itself: what it printed, and how it ended.
struct HeraCommand {
    let output: String
    let errors: String
    let code: Int32

    /// - Parameters:
    ///   - folder: where it runs.
    ///   - environment: of the program, nothing else.
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
