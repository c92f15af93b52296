import ArgumentParser
import Catalog
import Domain

/// `hera catalog lint`: every mistake in the catalog, with file, line and remedy.
struct CatalogLintCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lint", abstract: "Check the catalog's files.",
        discussion: "Exits with 65 where there is an error; warnings alone are no reason.")

    @Argument(help: "Directory with the catalog's YAML files.")
    var directory = "Catalog"

    func run() throws {
        let lint = CatalogLint(directory: directory, today: Timestamp.now().day)
        for problem in lint.problems {
            // With the directory in front, so that editors and terminals find the place.
            print(problem.file == directory ? "\(problem)" : "\(directory)/\(problem)")
        }
        let warnings = lint.problems.count - lint.errors.count
        let read = "\(lint.files.count) files, \(lint.models.count) models"
        if lint.errors.isEmpty {
            print("\(read): fine" + (warnings > 0 ? ", with warnings: \(warnings)" : ""))
        } else {
            CatalogExit.tell("hera: \(read) can be read; errors: \(lint.errors.count), warnings: \(warnings)")
            throw ExitCode(65)
        }
    }
}
