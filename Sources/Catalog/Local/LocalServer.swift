package import Domain

/// A server on the operator's hardware whose own models are used, also those that the catalog does not name.
package struct LocalServer: Hashable, Sendable {
    /// Scheme, host, port and path up to the version: `http://127.0.0.1:11434/v1`.
    package let baseURL: String
    /// What it asks of each request.
    package let access: EndpointAccess
    /// The operator's name for it; nil for none.
    package let name: String?

    /// - Parameter url: `http://HOST:PORT`, with `/v1` or another path; without a path `/v1` is meant.
    /// - Throws: what is wrong with the URL or the name, without repeating a password.
    package init(
        url: String, access: EndpointAccess = EndpointAccess(), name: String? = nil
    ) throws(LocalServerFault) {
        guard url.utf8.count <= 500, url.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw LocalServerFault("must be a URL without spaces")
        }
        guard let colon = url.firstRange(of: "://"), ["http", "https"].contains(url[..<colon.lowerBound].lowercased())
        else { throw LocalServerFault("must begin with http:// or https://") }
        let rest = url[colon.upperBound...]
        guard !rest.contains(where: { "@?#\\".contains($0) }) else {
            throw LocalServerFault("must have no user, password, query or fragment")
        }
        let authority = rest.prefix { $0 != "/" }
        let port = authority.hasPrefix("[") ? authority.drop { $0 != "]" }.dropFirst() : authority.drop { $0 != ":" }
        guard authority.count > port.count, port.isEmpty || UInt16(port.dropFirst()).map({ $0 > 0 }) == true else {
            throw LocalServerFault("must name a host, and a port from 1 to 65535")
        }
        var path = rest.dropFirst(authority.count)
        while path.last == "/" { path = path.dropLast() }
        if let name {
            guard name.utf8.allSatisfy({ $0.isLetterOrDigit || "-_.".utf8.contains($0) }), (1...40).contains(name.count)
            else { throw LocalServerFault("the name must be of at most 40 letters, digits and - _ .") }
        }
        baseURL = url[..<colon.upperBound].lowercased() + authority.lowercased() + (path.isEmpty ? "/v1" : String(path))
        self.access = access
        self.name = name
    }

    private init(port: Int) {
        baseURL = "http://127.0.0.1:\(port)/v1"
        access = EndpointAccess()
        name = nil
    }

    /// The usual ports of Ollama, llama.cpp, vLLM and LM Studio on this machine.
    package static let usual = [11434, 8080, 8081, 8000, 1234].map(LocalServer.init(port:))

    /// Servers without repeats of one address; the first one stays.
    package static func distinct(_ servers: [LocalServer]) -> [LocalServer] {
        var seen: Set<String> = []
        return servers.filter { seen.insert($0.address).inserted }
    }

    /// The base URL without its version, as messages show it.
    package var title: String { baseURL.hasSuffix("/v1") ? String(baseURL.dropLast(3)) : baseURL }

    /// The root of Ollama's own API.
    package var ollamaTagsURL: String { title + "/api/tags" }

    /// The base URL with one spelling of this machine.
    var address: String { Self.address(baseURL) }

    static func address(_ url: String) -> String {
        url.lowercased().replacing("://localhost", with: "://127.0.0.1", maxReplacements: 1)
    }

    /// What tells its models from those of another server: the name, else the port, else the host.
    var suffix: String {
        if let name { return name }
        let authority = baseURL.drop { $0 != "/" }.dropFirst(2).prefix { $0 != "/" }
        let end = authority.lastIndex(of: "]") ?? authority.startIndex
        if let colon = authority[end...].lastIndex(of: ":") {
            return String(authority[authority.index(after: colon)...])
        }
        return authority.filter { !"[]".contains($0) }
    }
}

/// The problem with a local server's URL or name.
package struct LocalServerFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// What must be otherwise, without the URL.
    package let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// A program that serves models on the operator's hardware.
package enum LocalServerKind: String, CaseIterable, Hashable, Sendable {
    case ollama
    case llamaCPP = "llama.cpp"
    case vLLM = "vllm"
    case lmStudio = "lm-studio"
    case other = "local"

    private struct Traits {
        let ports: [Int]
        /// `owned_by` in its list of models.
        let owner: String?
        /// Tokens of context where the server tells none.
        let contextTokens: Int
        let slots: Int
        let hasSchemas: Bool
    }

    private var traits: Traits {
        switch self {
        // Ollama cuts prompts to 4,096 tokens unless OLLAMA_CONTEXT_LENGTH says otherwise.
        case .ollama: Traits(ports: [11434], owner: "library", contextTokens: 4096, slots: 1, hasSchemas: true)
        case .llamaCPP: Traits(ports: [], owner: "llamacpp", contextTokens: 8192, slots: 1, hasSchemas: true)
        case .vLLM: Traits(ports: [], owner: "vllm", contextTokens: 8192, slots: 16, hasSchemas: true)
        case .lmStudio:
            Traits(ports: [1234], owner: "organization_owner", contextTokens: 8192, slots: 1, hasSchemas: true)
        case .other: Traits(ports: [], owner: nil, contextTokens: 8192, slots: 2, hasSchemas: false)
        }
    }

    /// By `owned_by` in the list of models, else by the port.
    package init(of server: LocalServer, owner: String?) {
        let kinds = Self.allCases
        self =
            kinds.first { $0.traits.owner != nil && $0.traits.owner == owner }
            ?? kinds.first { kind in kind.traits.ports.contains { server.baseURL.hasSuffix(":\($0)/v1") } } ?? .other
    }

    /// Tokens of context where the server tells none.
    var contextTokens: Int { traits.contextTokens }
    /// Calls that it answers at the same time, unless it was told otherwise.
    var slots: Int { traits.slots }
    /// Whether its models follow a JSON schema.
    var hasSchemas: Bool { traits.hasSchemas }
}
