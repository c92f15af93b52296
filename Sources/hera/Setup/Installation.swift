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

/// The parts that commands are composed of, read from their places; every failure ends the program with words.
enum Installation {
    /// The catalog, or exit code 65 with every problem.
    static func catalog(_ places: InstallationOptions) throws -> ModelCatalog {
        do {
            return try ModelCatalog.load(directory: places.catalogFolder, today: Timestamp.now().day)
        } catch {
            throw Exit(65, error.description)
        }
    }

    /// Trained profiles; without any, priors by tier, and a line that says so.
    static func estimator(_ places: InstallationOptions) throws -> any Estimating {
        do {
            return ProfileEstimator(try ProfileSet.load(directory: places.profilesFolder))
        } catch {
            switch error {
            case .noProfiles,
                .unreadable where places.profiles == nil:
                Exit.tell("no trained profiles found: every model gets the prior of its tier (see `hera train --help`)")
                return PriorEstimator()
            default:
                throw Exit(65, error.description)
            }
        }
    }

    /// Reads the operator's settings; with a catalog the models that their policies name have to be in it.
    static func settings(_ places: InstallationOptions, for catalog: ModelCatalog? = nil) throws -> Settings {
        guard let path = places.config else { return Settings() }
        do {
            let settings = try Settings(json: try YAMLText.document(path: path).root)
            return try catalog.map { try settings.resolved(in: $0) } ?? settings
        } catch let error as FieldError {
            throw Exit(65, "\(path): \(error)")
        } catch let error as YAMLTextError {
            throw Exit(65, error.description)
        }
    }

    /// Opens the ledger that `sqlite:PATH` or `postgres://...` names.
    static func ledger(_ option: DatabaseOption) throws -> LedgerStore {
        do {
            return try LedgerStore.open(option.database)
        } catch {
            if case .badLocation = error { throw Exit(64, error.description) }
            throw Exit(74, error.description)
        }
    }

    static func keyring() -> APIKeys { APIKeys(environment: ProcessInfo.processInfo.environment) }

    /// A logger to standard error; its level comes from `HERA_LOG_LEVEL`, or is `warning`.
    static func logger() -> Logger {
        var logger = Logger(label: "hera", factory: StreamLogHandler.standardError(label:))
        let name = ProcessInfo.processInfo.environment["HERA_LOG_LEVEL"] ?? "warning"
        logger.logLevel = Logger.Level(rawValue: name) ?? .warning
        return logger
    }
}
