import Calls
import Catalog
import Domain
import Estimation
import Foundation
import Ledger
import Steps
import Upstream

/// The checks of an installation. None changes anything or costs anything.
struct Doctor {
    let installation: InstallationOptions
    let database: DatabaseOption
    /// Whether to make no connection.
    let isOffline: Bool

    /// Prices older than that are worth a look.
    static let staleDays = 60

    /// All findings, in the order in which they matter.
    func findings() async -> [Finding] {
        var findings: [Finding] = []
        let settings = settingsFindings(&findings)
        let catalog = catalogFindings(&findings)
        profileFindings(&findings)
        findings += clockFindings(catalog)
        if let catalog {
            findings += policyFindings(settings, catalog)
            findings += await KeyChecks(
                catalog: catalog, settings: settings, installation: installation, isOffline: isOffline
            ).findings()
        }
        findings += ledgerFindings()
        findings += PortCheck(installation).findings()
        return findings
    }

    private func settingsFindings(_ findings: inout [Finding]) -> Settings {
        let path = installation.settingsSearch.found?.path
        do {
            let settings = try Installation.settings(installation)
            findings.append(
                Finding(
                    "settings", .fine,
                    path.map { "\($0): \(settings.policies.count) policies of your own" }
                        ?? "none, the defaults are in use",
                    do: path == nil ? "`hera init` writes a file to change" : nil))
            if let path, let mode = KeysFile.mode(of: path), mode & 0o022 != 0 {
                findings.append(
                    Finding("settings", .warning, "others may write \(path)", do: "chmod go-w \(path)"))
            }
            return settings
        } catch {
            findings.append(
                Finding(
                    "settings", .failed, (error as? Exit)?.message ?? "\(error)",
                    do: "correct the field it names; docs/reference/policy.md has them all"))
            return Settings()
        }
    }

    private func policyFindings(_ settings: Settings, _ catalog: ModelCatalog) -> [Finding] {
        do {
            _ = try settings.resolved(in: catalog)
            return []
        } catch {
            // Models of local servers are known once they answer.
            return [
                Finding(
                    "settings", .warning, "\(error)",
                    do: "correct it, unless it is a model of a local server that does not run now")
            ]
        }
    }

    private func catalogFindings(_ findings: inout [Finding]) -> ModelCatalog? {
        do {
            let catalog = try Installation.catalog(installation)
            let today = Timestamp.now().day
            findings.append(
                Finding(
                    "catalog", .fine,
                    "\(catalog.models.count) models, version \(catalog.version), from \(installation.catalogFolder)"
                        + (installation.addedCatalogFolder.map { " and \($0)" } ?? "")))
            let ages = catalog.models.filter { $0.placement == .cloud }.compactMap { model in
                (try? model.price(on: today)).map { today.daysSinceEpoch - $0.asOf.daysSinceEpoch }
            }
            if let oldest = ages.max() {
                let stale = ages.count { $0 > Self.staleDays }
                findings.append(
                    stale == 0
                        ? Finding("prices", .fine, "the oldest was looked up \(oldest) days ago")
                        : Finding(
                            "prices", .warning,
                            "\(stale) of \(ages.count) models have prices older than \(Self.staleDays) days",
                            do: "hera catalog update --from litellm FILE compares them with a public list"))
            }
            if !catalog.warnings.isEmpty {
                findings.append(
                    Finding("catalog", .warning, "\(catalog.warnings.count) warnings", do: "hera catalog lint"))
            }
            return catalog
        } catch {
            findings.append(
                Finding(
                    "catalog", .failed, (error as? Exit)?.message ?? "\(error)",
                    do: "`hera paths` says where it is looked for; `hera catalog lint` lists every error"))
            return nil
        }
    }

    private func profileFindings(_ findings: inout [Finding]) {
        let folder = installation.profilesFolder
        do {
            guard let set = try Installation.profiles(in: folder, isGiven: false) else {
                findings.append(
                    Finding(
                        "profiles", .warning, "none in \(folder): every model gets the prior of its tier",
                        do: "install share/hera beside the program, or name the folder with --profiles"))
                return
            }
            findings.append(
                Finding("profiles", .fine, "\(set.profiledModels.count) trained models, from \(folder)"))
        } catch {
            findings.append(
                Finding(
                    "profiles", .failed, (error as? Exit)?.message ?? "\(error)",
                    do: "install the profiles of this version, or train them anew (`hera train`)"))
        }
    }

    private func clockFindings(_ catalog: ModelCatalog?) -> [Finding] {
        let today = Timestamp.now().day
        let latest = catalog?.models.compactMap { try? $0.price(on: today).asOf }.max()
        if let latest, today < latest {
            return [
                Finding(
                    "clock", .failed, "it says \(today), before the day of a price (\(latest))",
                    do: "set the clock: budgets' windows and prices follow it")
            ]
        }
        return [Finding("clock", .fine, "\(Timestamp.now()) (UTC); budgets' windows follow it")]
    }

    private func ledgerFindings() -> [Finding] {
        let place: FolderSearch.Place
        do {
            place = try database.location(config: installation.config)
        } catch {
            return [Finding("ledger", .failed, "not known, since the settings cannot be read")]
        }
        let shown = LedgerText.shown(place.path)
        do {
            let ledger = try LedgerInspection(of: place.path)
            guard ledger.unknown.isEmpty else {
                return [
                    Finding(
                        "ledger", .failed, "\(shown) was written by a later version (\(ledger.unknown[0]))",
                        do: "install that version, or restore the backup made before it (docs/guide/upgrade.md)")
                ]
            }
            var findings = [
                Finding(
                    "ledger", .fine,
                    !ledger.exists
                        ? "\(shown) will be made at the first start (\(place.reason))"
                        : ledger.pending.isEmpty
                            ? "\(shown), of this version"
                            : "\(shown), \(ledger.pending.count) migrations will be applied at the next start",
                    do: ledger.exists && !ledger.pending.isEmpty ? "`hera ledger backup FILE` before that" : nil)
            ]
            if place.path.hasPrefix("sqlite:") { findings += fileFindings(String(place.path.dropFirst(7))) }
            return findings
        } catch {
            return [
                Finding(
                    "ledger", .failed, "\(shown): \(error)",
                    do: "see that path, rights and server are right; \(place.reason) names it")
            ]
        }
    }

    private func fileFindings(_ path: String) -> [Finding] {
        var findings: [Finding] = []
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        if !FileManager.default.isWritableFile(atPath: folder) {
            findings.append(
                Finding("ledger", .failed, "this user cannot write in \(folder)", do: "run as the service's user"))
        }
        if let mode = KeysFile.mode(of: path), mode & 0o077 != 0 {
            findings.append(Finding("ledger", .warning, "others may read \(path)", do: "chmod 600 \(path)"))
        }
        let values = try? FileManager.default.attributesOfFileSystem(forPath: folder)
        if let free = (values?[.systemFreeSize] as? NSNumber)?.int64Value, free < 1 << 30 {
            findings.append(
                Finding(
                    "ledger", .warning, "\(free >> 20) MiB are free in \(folder)",
                    do: "a full disk stops every call: free some space"))
        }
        return findings
    }
}
