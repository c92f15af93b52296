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

/// Loads the parts of an installation. Every failure exits with a message.
enum Installation {
    /// Loads the catalog. Exits with 65 and every problem.
    static func catalog(_ installation: InstallationOptions) throws -> ModelCatalog {
        do {
            return try ModelCatalog.load(directory: installation.catalogFolder, today: Timestamp.now().day)
        } catch {
            throw Exit(65, error.description)
        }
    }

    /// Loads the trained profiles. Without any, uses priors by tier and prints a notice.
    static func estimator(_ installation: InstallationOptions) throws -> any Estimating {
        if let set = try profiles(in: installation.profilesFolder, isGiven: installation.profiles != nil) {
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

    /// Loads the operator's settings. With a catalog, the models named by policies must be in it.
    static func settings(_ installation: InstallationOptions, for catalog: ModelCatalog? = nil) throws -> Settings {
        guard let path = installation.config else { return Settings() }
        do {
            let settings = try Settings(json: try YAMLText.document(path: path).root)
            return try catalog.map { try settings.resolved(in: $0) } ?? settings
        } catch let error as FieldError {
            throw Exit(65, "\(path): \(error)")
        } catch let error as YAMLTextError {
            throw Exit(65, error.description)
        }
    }

    /// Opens the ledger at `sqlite:PATH` or `postgres://...`.
    static func ledger(_ option: DatabaseOption, _ durability: Durability = .strict) throws -> LedgerStore {
        do {
            return try LedgerStore.open(option.database, durability: durability)
        } catch {
            if case .badLocation = error { throw Exit(64, error.description) }
            throw Exit(74, error.description)
        }
    }

    static func apiKeys() -> APIKeys { APIKeys(environment: ProcessInfo.processInfo.environment) }

    /// A logger to standard error. `HERA_LOG_LEVEL` sets its level, which is `warning` by default.
    static func logger() -> Logger {
        var logger = Logger(label: "hera", factory: StreamLogHandler.standardError(label:))
        let name = ProcessInfo.processInfo.environment["HERA_LOG_LEVEL"] ?? "warning"
        logger.logLevel = Logger.Level(rawValue: name) ?? .warning
        return logger
    }
}
