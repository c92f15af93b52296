import ArgumentParser
import Estimation
import Foundation

/// Ends a command with a message and a code of sysexits.h: 64 usage, 65 data, 66 input, 69 unavailable, 70 internal, 74
/// input or output.
struct Exit: Error {
    let code: Int32
    let message: String

    init(_ code: Int32, _ message: String) {
        self.code = code
        self.message = message
    }

    /// Runs a command. An `Exit` thrown in it is printed to standard error and becomes the exit code.
    static func mapped<Result>(_ body: () async throws -> Result) async throws -> Result {
        do {
            return try await body()
        } catch let exit as Exit {
            printError(exit.message)
            throw ExitCode(exit.code)
        }
    }

    /// Writes a line with the prefix `hera: ` to standard error.
    static func printError(_ line: String) {
        FileHandle.standardError.write(Data("hera: \(line)\n".utf8))
    }
}

/// Maps errors of the estimators to a message and a sysexits code.
enum EstimationExit {
    static func mapped(_ body: () throws -> Void) throws {
        do {
            try body()
        } catch let error as EstimationError {
            Exit.printError("\(error)")
            throw ExitCode(code(error))
        } catch let exit as Exit {
            Exit.printError(exit.message)
            throw ExitCode(exit.code)
        }
    }

    static func code(_ error: EstimationError) -> Int32 {
        switch error {
        case .unknown: 64  // usage
        case .badRow, .notEnoughData, .damagedProfile, .foreignVersion: 65  // data
        case .unreadable, .noProfiles: 66  // input
        case .unwritable: 73  // cannot create
        }
    }
}

/// Standard error, for text that is not part of a command's result.
enum StandardError {
    static func write(_ text: String) {
        FileHandle.standardError.write(Data(text.utf8))
    }
}
