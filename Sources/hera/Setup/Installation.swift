import ArgumentParser
import Calls
import Catalog
import Domain
import Estimation
import Foundation
import JSON
import Ledger
import Logging
import Routing
import Steps
import Upstream

/// Loads the parts of an installation. Every failure exits with a message.
enum Installation {
    /// Loads the catalog, with the operator's own entries laid over it.
    ///
    /// Exits with 65 and every problem, with 66 where a folder is missing.
    static func catalog(_ installation: InstallationOptions) throws -> ModelCatalog {
        let search = installation.catalogSearch
        guard let folder = search.found?.path else {
            let places = search.places.map { "  \($0.path) (\($0.reason))" }.joined(separator: "\n")
            throw Exit(66, "there is no catalog; name its folder with --catalog. Looked for it here:\n\(places)")
        }
        let added = installation.addedCatalogFolder
        for place in [folder, added].compactMap(\.self) where !FileManager.default.fileExists(atPath: place) {
            throw Exit(66, "the catalog folder \(place) does not exist (`hera paths` says what names it)")
        }
        do {
            return try ModelCatalog.load(directory: folder, adding: added, today: Timestamp.now().day)
        } catch {
            throw Exit(65, error.description)
        }
    }

    /// Loads the trained profiles. Without any, uses priors by tier and prints a notice.
    static func estimator(_ installation: InstallationOptions) throws -> any Estimating {
        let search = installation.profilesSearch
        if let set = try profiles(in: installation.profilesFolder, isGiven: search.places.count == 1) {
            return ProfileEstimator(set)
        }
        Exit.printError("no trained profiles found: every model gets the prior of its tier (see `hera train --help`)")
        return PriorEstimator()
    }

    /// Loads the trained profiles; nil without any. Exits with 65 where some are damaged.
    ///
    /// - Parameter isGiven: whether the operator named the folder, so that it has to be there.
    static func profiles(in folder: String, isGiven: Bool) throws -> ProfileSet? {
        do {
            return try ProfileSet.load(directory: folder)
        } catch {
            switch error {
            case .noProfiles: return nil
            case .unreadable where !isGiven: return nil
            default: throw Exit(65, error.description)
            }
        }
    }

    /// Loads the values learned from recorded episodes; nil without any. Exits with 65 where they are damaged.
    static func episodes(_ installation: InstallationOptions) throws -> EpisodeProfile? {
        let folder = installation.profilesFolder
        guard FileManager.default.fileExists(atPath: "\(folder)/\(EpisodeProfile.fileName)") else { return nil }
        do {
            return try EpisodeProfile.load(directory: folder)
        } catch {
            throw Exit(65, error.description)
        }
    }

    /// Loads the operator's settings. With a catalog, the models named by policies must be in it.
    static func settings(_ installation: InstallationOptions, for catalog: ModelCatalog? = nil) throws -> Settings {
        guard let path = installation.settingsSearch.found?.path else { return Settings() }
        return try reading(settings: path) {
            var settings = try Settings(json: try YAMLText.document(path: path).root)
            settings.service = try ServiceFile.read(path)
            return try catalog.map { try settings.resolved(in: $0) } ?? settings
        }
    }

    /// Exits with 66 where the settings file is missing, with 65 where it is wrong.
    static func reading<Value>(settings path: String, _ body: () throws -> Value) throws(Exit) -> Value {
        guard FileManager.default.fileExists(atPath: path) else {
            throw Exit(66, "the settings file \(path) does not exist: `hera init` writes one")
        }
        do {
            return try body()
        } catch let error as FieldError {
            throw Exit(65, "\(path): \(error)")
        } catch {
            throw Exit(65, "\(error)")
        }
    }

    /// Opens the ledger at `sqlite:PATH` or `postgres://...`.
    ///
    /// - Parameter config: the settings that may name it, where the command has that option.
    static func ledger(
        _ option: DatabaseOption, config: String? = nil, _ durability: Durability = .strict
    ) throws -> LedgerStore {
        let location = try option.location(config: config).path
        do {
            return try LedgerStore.open(location, durability: durability)
        } catch {
            if case .badLocation = error { throw Exit(64, error.description) }
            throw Exit(74, error.description)
        }
    }

    /// The environment's variables that are not empty, with what the keys file of the settings adds to them.
    static func environment(config: String? = nil) throws(Exit) -> [String: String] {
        var installation = InstallationOptions.defaults
        installation.config = config
        let environment = ProcessInfo.processInfo.environment.filter { !$0.value.isEmpty }
        guard let path = installation.service.keysFile else { return environment }
        return environment.merging(try KeysFile(path: path).values.filter { !$0.value.isEmpty }) { first, _ in first }
    }

    /// Proxy and certificate authorities of the environment, and the hosts of the settings.
    static func upstream(_ settings: Settings = Settings()) -> UpstreamConfiguration {
        var configuration = UpstreamConfiguration(environment: ProcessInfo.processInfo.environment)
        configuration.hosts = settings.hosts
        return configuration
    }

    /// Runs a body with a client of models' servers, which is stopped afterwards.
    static func withUpstream<Value>(
        _ settings: Settings = Settings(), _ body: (UpstreamClient) async throws -> Value
    ) async rethrows -> Value {
        let client = UpstreamClient(configuration: upstream(settings), logger: logger())
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try? await client.run() }
            defer { group.cancelAll() }
            return try await body(client)
        }
    }

    /// The keys of models' servers.
    static func apiKeys(config: String? = nil) throws(Exit) -> APIKeys {
        APIKeys(environment: try environment(config: config))
    }

    /// A logger to standard error. `HERA_LOG_LEVEL` sets its level, which is `warning` by default; with
    /// `HERA_LOG_FORMAT=json` each line is a JSON object.
    static func logger() -> Logger {
        let isJSON = FolderSearch.variable("HERA_LOG_FORMAT")?.lowercased() == "json"
        var logger = Logger(label: "hera") { label -> any LogHandler in
            if isJSON { return JSONLogHandler() }
            return StreamLogHandler.standardError(label: label)
        }
        let name = FolderSearch.variable("HERA_LOG_LEVEL") ?? "warning"
        logger.logLevel = Logger.Level(rawValue: name.lowercased()) ?? .warning
        return logger
    }
}
