import Catalog
import Foundation
import JSON
import Steps
import Synchronization

/// The section `service` of the settings file, with its paths made absolute from the file's folder.
enum ServiceFile {
    /// Tells one state of a file from another.
    private struct Stamp: Hashable {
        let path: String
        let size: Int64
        let inode: UInt64
        let seconds: Int
        let nanoseconds: Int

        /// Nil where there is no file.
        init?(_ path: String) {
            var status = stat()
            guard stat(path, &status) == 0 else { return nil }
            self.path = path
            size = Int64(status.st_size)
            inode = UInt64(status.st_ino)
            seconds = status.st_mtim.tv_sec
            nanoseconds = status.st_mtim.tv_nsec
        }
    }

    /// The file that was read last: a service looks for its folders every other second (`WatchedFiles`).
    private static let last = Mutex<(stamp: Stamp, service: ServiceSettings)?>(nil)

    /// - Parameter path: the settings file; nil for none, which gives the defaults.
    /// - Throws: `YAMLTextError` or `FieldError`, which also names a section that does not exist.
    static func read(_ path: String?) throws -> ServiceSettings {
        guard let path else { return ServiceSettings() }
        let stamp = Stamp(path)
        if let stamp, let known = last.withLock({ $0 }), known.stamp == stamp { return known.service }
        let service = try parsed(path)
        if let stamp { last.withLock { $0 = (stamp, service) } }
        return service
    }

    private static func parsed(_ path: String) throws -> ServiceSettings {
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
