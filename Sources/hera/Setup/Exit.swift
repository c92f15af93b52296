import ArgumentParser
import Foundation

/// An end with words for a person and a code of sysexits.h: 64 usage, 65 data, 66 input, 69 unavailable, 70 internal,
/// 74 input or output.
struct Exit: Error {
    let code: Int32
    let message: String

    init(_ code: Int32, _ message: String) {
        self.code = code
        self.message = message
    }

    /// Runs a command; an `Exit` thrown in it is told on standard error and becomes the program's exit code.
    static func mapped<Result>(_ body: () async throws -> Result) async throws -> Result {
        do {
            return try await body()
        } catch let exit as Exit {
            tell(exit.message)
            throw ExitCode(exit.code)
        }
    }

    /// Writes a line to standard error.
    static func tell(_ line: String) {
        FileHandle.standardError.write(Data("hera: \(line)\n".utf8))
    }
}
