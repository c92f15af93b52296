import Catalog
import JSON

extension LocalServer {
    /// Reads `servers` of the settings: a list of URLs, or of objects with `url`, `key_env` and `name`.
    static func list(_ value: JSONValue) throws(FieldError) -> [LocalServer] {
        guard value.kind == .array else { throw FieldError("servers", "must be a list of servers") }
        var servers: [LocalServer] = []
        for (place, element) in value.elements.enumerated() {
            servers.append(try server(element, path: "servers[\(place)]"))
        }
        return servers
    }

    private static func server(_ value: JSONValue, path: String) throws(FieldError) -> LocalServer {
        if let url = value.string { return try server(url: url, key: nil, name: nil, path: path) }
        let fields = try FieldReader(value, path: path, known: ["url", "key_env", "name"])
        guard let url = try fields.string("url") else {
            throw FieldError("\(path).url", "is missing, for example http://127.0.0.1:11434")
        }
        return try server(
            url: url, key: try fields.string("key_env"), name: try fields.string("name"), path: path)
    }

    private static func server(
        url: String, key: String?, name: String?, path: String
    ) throws(FieldError) -> LocalServer {
        do throws(LocalServerFault) {
            return try LocalServer(url: url, keyVariable: key, name: name)
        } catch {
            throw FieldError(path, error.description)
        }
    }
}
