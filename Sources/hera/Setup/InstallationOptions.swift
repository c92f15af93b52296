import ArgumentParser
import Catalog
import Domain
import Foundation
import JSON
import Steps

/// Options for the folders and files of an installation. `hera paths` shows what they find.
struct InstallationOptions: ParsableArguments {
    @Option(
        name: .long,
        help: "The folder with the catalog's YAML files. Default: the shipped one (`hera paths` says where).")
    var catalog: String?

    @Option(
        name: .customLong("add-catalog"),
        help: "A folder with your own catalog files, laid over the catalog: own entries add and win.")
    var addedCatalog: String?

    @Option(
        name: .long, help: "The folder with trained profiles. Default: the shipped one (`hera paths` says where).")
    var profiles: String?

    @Option(
        name: .long,
        help: "The operator's settings (YAML). Default: hera.yaml here, then /etc/hera/hera.yaml, then none.")
    var config: String?

    /// The options of a command line without any. A value made by `init` cannot be read.
    static var defaults: InstallationOptions { parseOrExit([]) }

    /// The search for the settings file.
    var settingsSearch: FolderSearch { .settings(option: config) }

    /// The section `service` of the settings; the defaults where it cannot be read, since reading the settings reports
    /// that.
    var service: ServiceSettings { (try? ServiceFile.read(settingsSearch.found?.path)) ?? ServiceSettings() }

    var catalogSearch: FolderSearch { .shipped("catalog", option: catalog) }

    var profilesSearch: FolderSearch { .shipped("profiles", option: profiles, setting: service.profiles) }

    var catalogFolder: String { catalogSearch.found?.path ?? "Catalog" }

    var profilesFolder: String { profilesSearch.found?.path ?? "Profiles" }

    /// The folder with the operator's own entries; nil for none.
    var addedCatalogFolder: String? {
        addedCatalog ?? FolderSearch.variable("HERA_ADD_CATALOG") ?? service.catalog
    }

    /// The profiles folder of a command with only that option.
    static func profilesFolder(_ named: String?) -> String {
        var installation = InstallationOptions.defaults
        installation.profiles = named
        return installation.profilesFolder
    }
}

/// The option for the ledger's location.
struct DatabaseOption: ParsableArguments {
    @Option(
        name: .long,
        help: """
            The ledger: sqlite:PATH or postgres://user@host/database. Default: HERA_DATABASE, the settings, then \
            sqlite:hera.sqlite.
            """)
    var database: String?

    /// The location, and what named it.
    ///
    /// - Parameter config: the option `--config` of the same command.
    /// - Throws: where the settings, which may name it, are wrong: another ledger is not taken instead.
    func location(config: String? = nil) throws(Exit) -> FolderSearch.Place {
        if let database { return .init(path: database, reason: "--database") }
        if let url = FolderSearch.variable("HERA_DATABASE") { return .init(path: url, reason: "HERA_DATABASE") }
        if let settings = FolderSearch.settings(option: config).found?.path,
            let url = try Installation.reading(settings: settings, { try ServiceFile.read(settings) }).database
        {
            return .init(path: url, reason: "service.database of the settings")
        }
        return .init(path: "sqlite:hera.sqlite", reason: "the default")
    }
}
