import ArgumentParser
import Domain
import Foundation
import JSON
import Steps
import Training

/// `hera paths`: where everything is, and why there.
struct PathsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "paths", abstract: "Print where settings, catalog, profiles and ledger are, and what chose them.")

    @Option(name: .long, help: "Output format: text or json.")
    var format: OutputFormat = .text

    @OptionGroup var installation: InstallationOptions
    @OptionGroup var database: DatabaseOption

    func run() throws {
        let parts = FoundPart.all(of: installation, database)
        switch format {
        case .text:
            let rows = [["PART", "PATH", "CHOSEN BY"]] + parts.map { [$0.name, $0.path ?? "none", $0.reason] }
            for line in TextTable.lines(rows, isNumeric: { _ in false }) { print(line) }
        case .json:
            var writer = JSONWriter()
            writer.object { object in
                for part in parts {
                    object.member(
                        part.name,
                        object: {
                            $0.member("path", part.path)
                            $0.member("chosen_by", part.reason)
                            $0.member("looked_at", array: { list in for path in part.places { list.element(path) } })
                        })
                }
            }
            print(String(decoding: writer.bytes, as: UTF8.self))
        }
    }
}

/// A part of an installation with its place.
struct FoundPart {
    let name: String
    /// Nil for none.
    let path: String?
    /// What chose it, or why there is none.
    let reason: String
    /// All places in the order in which they are looked at.
    let places: [String]

    private init(_ name: String, _ path: String?, _ reason: String) {
        self.name = name
        self.path = path
        self.reason = reason
        places = [path].compactMap(\.self)
    }

    private init(_ search: FolderSearch) {
        name = search.part
        path = search.found?.path
        reason = search.found?.reason ?? "not found"
        places = search.places.map(\.path)
    }

    static func all(of installation: InstallationOptions, _ database: DatabaseOption) -> [FoundPart] {
        let program = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().path
        let ledger: FoundPart
        do {
            let location = try database.location(config: installation.config)
            ledger = FoundPart("ledger", LedgerText.shown(location.path), location.reason)
        } catch {
            ledger = FoundPart("ledger", nil, error.message)
        }
        let catalog = installation.catalogSearch
        let profiles = installation.profilesSearch
        func inside(_ search: FolderSearch, _ file: String) -> String? {
            search.found.map { "\($0.path)/\(file)" }.flatMap {
                FileManager.default.fileExists(atPath: $0) ? $0 : nil
            }
        }
        return [
            FoundPart("program", program, "version \(HeraVersion.current)"),
            FoundPart(installation.settingsSearch),
            FoundPart(catalog),
            FoundPart(
                "own_catalog", installation.addedCatalogFolder,
                installation.addedCatalogFolder == nil ? "--add-catalog or service.catalog name one" : "laid over it"),
            FoundPart("scores", inside(catalog, "scores.yaml"), "in the catalog"),
            FoundPart(profiles),
            FoundPart("probes", inside(profiles, "probes"), "in the profiles"),
            FoundPart(
                "keys_file", installation.service.keysFile,
                installation.service.keysFile == nil ? "service.keys_file names one" : "the settings"),
            ledger,
        ]
    }
}

/// A ledger's location for people: without a password.
enum LedgerText {
    static func shown(_ location: String) -> String {
        guard let start = location.firstRange(of: "://")?.upperBound,
            let end = location[start...].lastIndex(of: "@"), let colon = location[start..<end].firstIndex(of: ":")
        else { return location }
        return location.replacingCharacters(in: location.index(after: colon)..<end, with: "***")
    }
}
