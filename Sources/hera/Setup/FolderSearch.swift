import Foundation

/// The search for a folder or file of an installation: the places in their order, and the one that is used.
struct FolderSearch {
    /// A place, and why it is looked at.
    struct Place: Hashable {
        let path: String
        let reason: String
    }

    /// What is looked for, for example `catalog`.
    let part: String
    /// All places, the first one first.
    let places: [Place]
    /// The first place that has it; nil where none has.
    let found: Place?

    /// - Parameter has: whether a place has what is looked for.
    init(_ part: String, in places: [Place], has: (String) -> Bool) {
        self.part = part
        self.places = places
        found = places.first { has($0.path) }
    }

    /// A search that ends at a place that was named, whether or not it is there.
    init(_ part: String, named path: String, by reason: String) {
        self.part = part
        places = [Place(path: path, reason: reason)]
        found = places.first
    }
}

extension FolderSearch {
    /// The shipped folders: `catalog` is `Catalog`, `profiles` is `Profiles`.
    ///
    /// - Parameters:
    ///   - option: the value of the option named like the part.
    ///   - setting: the value in the settings file.
    static func shipped(_ part: String, option: String?, setting: String? = nil) -> FolderSearch {
        if let option { return FolderSearch(part, named: option, by: "--\(part)") }
        let variable = "HERA_\(part.uppercased())"
        if let path = Self.variable(variable) { return FolderSearch(part, named: path, by: variable) }
        if let setting { return FolderSearch(part, named: setting, by: "service.\(part) of the settings") }
        let ending = part == "catalog" ? [".yaml", ".yml"] : [""]
        return FolderSearch(part, in: shippedPlaces(of: part.capitalized)) { path in
            let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
            return names.contains { name in ending.contains { name.hasSuffix($0) } }
        }
    }

    /// The working folder, then beside the program, `share/hera` of its prefix, and the folders above it (the sources).
    private static func shippedPlaces(of name: String) -> [Place] {
        let program = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        var places = [
            Place(path: "\(FileManager.default.currentDirectoryPath)/\(name)", reason: "the working folder"),
            Place(path: program.appendingPathComponent(name).path, reason: "beside the program"),
        ]
        let prefix = program.deletingLastPathComponent()
        places.append(
            Place(path: prefix.appendingPathComponent("share/hera/\(name)").path, reason: "share/hera of its prefix"))
        var above = prefix
        while above.path != "/" {
            places.append(Place(path: above.appendingPathComponent(name).path, reason: "above the program"))
            above.deleteLastPathComponent()
        }
        return places
    }

    /// The operator's settings: the option, `HERA_CONFIG`, `hera.yaml` here, `/etc/hera/hera.yaml`; none is needed.
    static func settings(option: String?) -> FolderSearch {
        if let option { return FolderSearch("settings", named: option, by: "--config") }
        if let path = variable("HERA_CONFIG") { return FolderSearch("settings", named: path, by: "HERA_CONFIG") }
        let places = [
            Place(path: "\(FileManager.default.currentDirectoryPath)/hera.yaml", reason: "the working folder"),
            Place(path: "/etc/hera/hera.yaml", reason: "the machine's settings"),
        ]
        return FolderSearch("settings", in: places) { FileManager.default.isReadableFile(atPath: $0) }
    }

    /// The value of an environment variable; nil where it is empty or unset.
    static func variable(_ name: String) -> String? {
        // Copying the whole environment takes as long as reading a settings file.
        getenv(name).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
    }
}
