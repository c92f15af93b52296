package import JSON

/// Where the service listens and keeps its things: the section `service` of the settings.
package struct ServiceSettings: Hashable, Sendable {
    /// The address to listen on.
    package var host: String?
    /// The port to listen on, 0 for any free one.
    package var port: Int?
    /// The ledger: `sqlite:PATH` or `postgres://user@host/database`.
    package var database: String?
    /// A folder with the operator's own catalog files, laid over the shipped ones.
    package var catalog: String?
    /// The folder of trained profiles.
    package var profiles: String?
    /// A file with one `NAME=value` a line: keys that the environment does not have.
    package var keysFile: String?

    package init() {}

    /// Reads the section; every member may be left out.
    package init(json: JSONValue) throws(FieldError) {
        let fields = try FieldReader(
            json, path: "service", known: ["host", "port", "database", "catalog", "profiles", "keys_file"])
        host = try fields.string("host")
        port = try fields.integer("port", in: 0...65_535)
        database = try fields.string("database")
        catalog = try fields.string("catalog")
        profiles = try fields.string("profiles")
        keysFile = try fields.string("keys_file")
    }
}
