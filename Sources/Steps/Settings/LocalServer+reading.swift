import Catalog
import Domain
import JSON

extension LocalServer {
    private static let known = ["url", "name", "key_env", "key_file", "key_command", "key_header", "headers"]

    /// Reads `servers` of the settings: a list of URLs, or of objects with `url`, `name`, and what ``EndpointAccess`` has.
    static func list(_ value: JSONValue) throws(FieldError) -> [LocalServer] {
        guard value.kind == .array else { throw FieldError("servers", "must be a list of servers") }
        var servers: [LocalServer] = []
        for (place, element) in value.elements.enumerated() {
            servers.append(try server(element, path: "servers[\(place)]"))
        }
        return servers
    }

    private static func server(_ value: JSONValue, path: String) throws(FieldError) -> LocalServer {
        if let url = value.string { return try server(url: url, EndpointAccess(), name: nil, path: path) }
        let fields = try FieldReader(value, path: path, known: known)
        guard let url = try fields.string("url") else {
            throw FieldError("\(path).url", "is missing, for example http://127.0.0.1:11434")
        }
        return try server(url: url, try EndpointAccess(fields), name: try fields.string("name"), path: path)
    }

    private static func server(
        url: String, _ access: EndpointAccess, name: String?, path: String
    ) throws(FieldError) -> LocalServer {
        do throws(LocalServerFault) {
            return try LocalServer(url: url, access: access, name: name)
        } catch {
            throw FieldError(path, error.description)
        }
    }
}

extension EndpointAccess {
    /// Reads `key_env`, `key_file`, `key_command`, `key_header` and `headers`; all optional.
    fileprivate init(_ fields: FieldReader) throws(FieldError) {
        var sources: [KeySource] = []
        if let name = try fields.string("key_env") { sources.append(.variable(name)) }
        if let path = try fields.string("key_file") {
            guard path.hasPrefix("/") else {
                throw FieldError(fields.path("key_file"), "must be a whole path, such as /run/secrets/key")
            }
            sources.append(.file(path))
        }
        if let words = try fields.strings("key_command") {
            guard !words.isEmpty, !words.contains("") else {
                throw FieldError(fields.path("key_command"), "must be a program and its arguments, as a list")
            }
            sources.append(.command(words))
        }
        guard sources.count <= 1 else {
            throw FieldError(fields.path, "keep one of key_env, key_file and key_command")
        }
        let header = try fields.string("key_header")
        if let header, (try? EndpointHeader(name: header, value: "")) == nil {
            throw FieldError(fields.path("key_header"), "must be the name of a header field, such as api-key")
        }
        self.init(key: sources.first, keyHeader: header, headers: try Self.headers(fields))
    }

    private static func headers(_ fields: FieldReader) throws(FieldError) -> [EndpointHeader] {
        guard let value = fields.value("headers") else { return [] }
        guard value.kind == .object else {
            throw FieldError(fields.path("headers"), "must be a map from names to values")
        }
        var headers: [EndpointHeader] = []
        for member in value.members {
            let path = "\(fields.path("headers")).\(member.key)"
            guard let text = member.value.string else { throw FieldError(path, "must be a string") }
            do throws(TemplateFault) {
                headers.append(try EndpointHeader(name: member.key, value: text))
            } catch {
                throw FieldError(path, error.description)
            }
        }
        return headers
    }
}
