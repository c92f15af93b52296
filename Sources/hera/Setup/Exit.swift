import ArgumentParser
import Estimation
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

/// Turns errors of the estimators into a message and a sysexits code.
enum EstimationExit {
    static func mapped(_ body: () throws -> Void) throws {
        do {
            try body()
        } catch let error as EstimationError {
            StandardError.write("hera: \(error)\n")
            throw ExitCode(code(error))
        } catch let exit as Exit {
            Exit.tell(exit.message)
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

/// One line on standard error that shows how far a long command is; silent where nobody watches.
struct ProgressBar {
    private let isWatched = isatty(STDERR_FILENO) == 1

    /// Draws the bar anew.
    func show(_ share: Double, _ stage: String) {
        guard isWatched else { return }
        let width = 30
        let filled = Int((min(max(share, 0), 1) * Double(width)).rounded())
        let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: width - filled)
        StandardError.write("\r\u{1b}[K[\(bar)] \(Int(share * 100)) %  \(stage.prefix(60))")
    }

    /// Takes the bar away.
    func clear() {
        if isWatched { StandardError.write("\r\u{1b}[K") }
    }
}

/// Text for people who watch, apart from a command's result.
enum StandardError {
    static func write(_ text: String) {
        FileHandle.standardError.write(Data(text.utf8))
    }
}
