/// What a server asks of each request: a key, header fields, a signature. Names the places of secrets.
package struct EndpointAccess: Hashable, Sendable {
    /// Where the key comes from; nil for a server without a key.
    package var key: KeySource?
    /// The header field of the key; nil for the dialect's own. In `authorization` the key is a bearer token.
    package var keyHeader: String?
    /// Further header fields of each request.
    package var headers: [EndpointHeader]
    /// How requests are signed; nil for no signature.
    package var signing: RequestSigning?

    package init(
        key: KeySource? = nil, keyHeader: String? = nil, headers: [EndpointHeader] = [], signing: RequestSigning? = nil
    ) {
        self.key = key
        self.keyHeader = keyHeader
        self.headers = headers
        self.signing = signing
    }

    package init(keyVariable: String?) {
        self.init(key: keyVariable.map { .variable($0) })
    }

    /// The environment variable with the key; nil where the key comes from elsewhere, or there is none.
    package var keyVariable: String? {
        if case .variable(let name) = key { name } else { nil }
    }

    /// Whether the server is entered without any secret.
    package var isOpen: Bool { key == nil && signing == nil && !headers.contains { $0.value.hasSecrets } }
}

/// Where the key of a server comes from.
package enum KeySource: Hashable, Sendable {
    /// An environment variable.
    case variable(String)
    /// A file with an absolute path. It is read anew for each use, so that a change is seen.
    case file(String)
    /// A command that prints the key: its path or name, and its arguments. No shell is involved.
    case command([String])
}

extension KeySource: CustomStringConvertible {
    /// Without a secret: arguments of commands are left out.
    package var description: String {
        switch self {
        case .variable(let name): name
        case .file(let path): path
        case .command(let words): "the command \(words.first ?? "")"
        }
    }
}

/// A header field of each request to a server.
package struct EndpointHeader: Hashable, Sendable {
    /// A token of HTTP.
    package let name: String
    /// The text with the places of its secrets.
    package let value: SecretTemplate

    /// Fields that the client of model servers writes itself, or that could smuggle a second request.
    private static let reserved: Set = [
        "host", "content-length", "transfer-encoding", "content-type", "accept", "connection", "expect", "te",
        "upgrade", "proxy-authorization",
    ]

    /// - Throws: what is wrong with the name or the value; never repeats the value.
    package init(name: String, value: String) throws(TemplateFault) {
        guard !name.isEmpty, name.utf8.count <= 100, name.utf8.allSatisfy(Self.isTokenByte) else {
            throw TemplateFault("is no name of a header field")
        }
        guard !Self.reserved.contains(name.lowercased()) else {
            throw TemplateFault("is a header field that is not yours to set")
        }
        self.name = name
        self.value = try SecretTemplate(value)
    }

    /// RFC 9110, section 5.6.2.
    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}

/// A signature of requests with a secret key, in place of sending that key.
package struct RequestSigning: Hashable, Sendable {
    /// The region of the server, such as `eu-central-1`.
    package let region: String
    /// The service that the server belongs to, such as `bedrock`.
    package let service: String

    /// AWS Signature Version 4.
    package init(region: String, service: String) {
        self.region = region
        self.service = service
    }
}
