import ArgumentParser
import Estimation

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
