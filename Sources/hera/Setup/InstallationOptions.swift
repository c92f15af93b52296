import ArgumentParser
import Foundation

/// Where the parts of an installation are, as options of the commands that need them.
struct InstallationOptions: ParsableArguments {
    @Option(
        name: .long, help: "The folder with the catalog's YAML files. Default: Catalog/ here or beside the program.")
    var catalog: String?

    @Option(name: .long, help: "The folder with trained profiles. Default: Profiles/ here or beside the program.")
    var profiles: String?

    @Option(name: .long, help: "The operator's settings (YAML): policies, electricity, limits.")
    var config: String?

    /// The folder named, or the first of that name in the working directory or above the program's own.
    func folder(_ named: String?, default name: String) -> String {
        if let named { return named }
        var places = [FileManager.default.currentDirectoryPath]
        var above = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        while above.path != "/" {
            above.deleteLastPathComponent()
            places.append(above.path)
        }
        let found = places.map { "\($0)/\(name)" }.first { path in
            (try? FileManager.default.contentsOfDirectory(atPath: path))?.isEmpty == false
        }
        return found ?? name
    }

    var catalogFolder: String { folder(catalog, default: "Catalog") }

    var profilesFolder: String { folder(profiles, default: "Profiles") }
}

/// Where the ledger is.
struct DatabaseOption: ParsableArguments {
    @Option(name: .long, help: "The ledger: sqlite:PATH or postgres://user@host/database.")
    var database = "sqlite:hera.sqlite"
}
