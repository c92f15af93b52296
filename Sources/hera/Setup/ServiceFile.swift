import Catalog
import Foundation
import JSON
import Steps

/// The section `service` of the settings file, with its paths made absolute from the file's folder.
enum ServiceFile {
    /// - Parameter path: the settings file; nil for none, which gives the defaults.
    /// - Throws: `YAMLTextError` or `FieldError`, which also names a section that does not exist.
    static func read(_ path: String?) throws -> ServiceSettings {
        guard let path else { return ServiceSettings() }
        let fields = try FieldReader(
            try YAMLText.document(path: path).root, path: "", known: Settings.sections)
        guard let section = fields.value("service") else { return ServiceSettings() }
        var service = try ServiceSettings(json: section)
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent()
        func absolute(_ path: String) -> String { URL(fileURLWithPath: path, relativeTo: folder).path }
        service.catalog = service.catalog.map(absolute)
        service.profiles = service.profiles.map(absolute)
        service.keysFile = service.keysFile.map(absolute)
        if let database = service.database, database.hasPrefix("sqlite:") {
            service.database = "sqlite:" + absolute(String(database.dropFirst("sqlite:".count)))
        }
        return service
    }
}
