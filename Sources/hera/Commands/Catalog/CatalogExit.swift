import ArgumentParser
import Catalog
import Foundation

/// Turns errors of the catalog into a message and a sysexits code.
enum CatalogExit {
    /// Runs a command; an unusable catalog or list is 65 (data), a file that cannot be read 66 (input).
    static func mapped(_ body: () throws -> Void) throws {
        do {
            try body()
        } catch let error as CatalogError {
            tell("hera: \(error)")
            throw ExitCode(65)
        } catch let error as PriceListError {
            tell("hera: \(error)")
            throw ExitCode(65)
        }
    }

    /// Writes a line to standard error.
    static func tell(_ line: String) {
        FileHandle.standardError.write(Data((line + "\n").utf8))
    }
}
