import ArgumentParser
import Catalog
import Domain
import Estimation
import Foundation

/// `hera catalog`: the models and their prices.
struct CatalogCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "catalog", abstract: "Show, check and extend the catalog of models and prices.",
        subcommands: [
            CatalogListCommand.self, CatalogLintCommand.self, CatalogImportCommand.self, CatalogAddCommand.self,
            CatalogUpdateCommand.self,
        ])
}

/// `hera catalog list`: the models with today's prices.
struct CatalogListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the models with today's prices (USD per million tokens).")

    /// The output format.
    enum Format: String, CaseIterable, ExpressibleByArgument { case table, json }

    @OptionGroup var installation: InstallationOptions

    @Option(help: "How to print: table or json.")
    var format = Format.table

    func run() throws {
        try CatalogExit.mapped {
            let today = Timestamp.now().day
            let catalog = try Installation.catalog(installation)
            let profiles = try Installation.profiles(
                in: installation.profilesFolder, isGiven: installation.profiles != nil)
            for warning in catalog.warnings { Exit.printError("\(warning)") }
            switch format {
            case .table: print(CatalogTable(catalog: catalog, profiles: profiles, today: today).text)
            case .json: print(try CatalogListing(catalog: catalog, profiles: profiles, today: today).json())
            }
        }
    }
}

/// `hera catalog lint`: every error in the catalog, with file, line and suggestion.
struct CatalogLintCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lint", abstract: "Check the catalog's files.",
        discussion: "Exits with 65 where there is an error; warnings alone are no reason.")

    @Argument(help: "Directory with the catalog's YAML files; the same as --catalog.")
    var directory: String?

    @OptionGroup var installation: InstallationOptions

    func run() throws {
        try CatalogExit.mapped {
            let directory = directory ?? installation.catalogFolder
            guard FileManager.default.fileExists(atPath: directory) else {
                throw Exit(66, "the catalog folder \(directory) does not exist (`hera paths`)")
            }
            let lint = CatalogLint(
                directory: directory, adding: installation.addedCatalogFolder, today: Timestamp.now().day)
            for problem in lint.problems {
                // Prefixed with the directory, so that editors and terminals link to the file.
                print(
                    problem.file.hasPrefix("/") || problem.file == directory ? "\(problem)" : "\(directory)/\(problem)")
            }
            let profiles = try Installation.profiles(
                in: installation.profilesFolder, isGiven: installation.profiles != nil)
            if let ability = profiles?.ability {
                for line in ScoreComparison(models: lint.models, ability: ability).lines {
                    print("\(directory)/\(ScoreFile.name): \(line)")
                }
            }
            let warnings = lint.problems.count - lint.errors.count
            let read = "\(lint.files.count) files, \(lint.models.count) models"
            if lint.errors.isEmpty {
                print("\(read): fine" + (warnings > 0 ? ", with warnings: \(warnings)" : ""))
            } else {
                Exit.printError("\(read) can be read; errors: \(lint.errors.count), warnings: \(warnings)")
                throw ExitCode(65)
            }
        }
    }
}

/// Maps errors of the catalog to a message and a sysexits code.
enum CatalogExit {
    /// Runs a command. An invalid catalog or price list is 65 (data), an unreadable file 66 (input).
    static func mapped(_ body: () throws -> Void) throws {
        do {
            try body()
        } catch let error as CatalogError {
            Exit.printError("\(error)")
            throw ExitCode(65)
        } catch let error as PriceListError {
            Exit.printError("\(error)")
            throw ExitCode(65)
        } catch let exit as Exit {
            Exit.printError(exit.message)
            throw ExitCode(exit.code)
        }
    }
}
