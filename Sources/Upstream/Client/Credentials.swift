/// What enters a server: its key, header fields and signature, with the secrets themselves. Never printed.
package struct Credentials: Hashable, Sendable {
    /// Nil for servers that ask for none.
    package var key: String?
    /// The header field of the key; nil for the dialect's own. In `authorization` the key is a bearer token.
    package var keyHeader: String?
    /// Further fields of each request.
    package var headers: [UpstreamHeaders.Field]
    /// The signature that libcurl makes; nil for none.
    package var signature: RequestSignature?
    /// The values of `headers` that are secrets.
    private var headerSecrets: [String]

    package init(
        key: String? = nil, keyHeader: String? = nil, headers: [UpstreamHeaders.Field] = [],
        headerSecrets: [String] = [], signature: RequestSignature? = nil
    ) {
        self.key = key
        self.keyHeader = keyHeader
        self.headers = headers
        self.headerSecrets = headerSecrets
        self.signature = signature
    }

    /// For servers that ask for nothing.
    package static let none = Credentials()

    /// All that may not be repeated in an error, a log or an entry.
    package var secrets: [String] {
        ([key, signature?.secretKey, signature?.sessionToken].compactMap(\.self) + headerSecrets).filter { !$0.isEmpty }
    }
}

extension Credentials: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Without secrets.
    package var description: String { "Credentials" }
    /// Without secrets.
    package var debugDescription: String { description }
    /// Without children: dumps show nothing.
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}

/// The keys of AWS Signature Version 4. Never printed.
package struct RequestSignature: Hashable, Sendable {
    /// The name of the secret key; no secret.
    package let accessKey: String
    let secretKey: String
    /// Of temporary keys; goes along as `x-amz-security-token`.
    let sessionToken: String?
    let region: String
    let service: String

    package init(accessKey: String, secretKey: String, sessionToken: String?, region: String, service: String) {
        self.accessKey = accessKey
        self.secretKey = secretKey
        self.sessionToken = sessionToken
        self.region = region
        self.service = service
    }
}

extension RequestSignature: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Without secrets.
    package var description: String { "RequestSignature" }
    /// Without secrets.
    package var debugDescription: String { description }
    /// Without children: dumps show nothing.
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}

extension UpstreamRequest {
    /// Adds what the server asks for.
    ///
    /// - Parameter keyHeader: the dialect's field for the key; nil for a bearer token in `Authorization`.
    package mutating func authorize(_ credentials: Credentials, keyHeader: String? = nil) {
        if let key = credentials.key {
            let name = credentials.keyHeader ?? keyHeader ?? "Authorization"
            let isBearer = name.lowercased() == "authorization"
            headers.append((isBearer ? "Authorization" : name, isBearer ? "Bearer \(key)" : key))
        }
        // The operator's fields stand in place of the dialect's.
        if !credentials.headers.isEmpty {
            let names = Set(credentials.headers.map { $0.name.lowercased() })
            headers.removeAll { names.contains($0.0.lowercased()) }
            headers += credentials.headers.map { ($0.name, $0.value) }
        }
        signature = credentials.signature
        secrets += credentials.secrets
    }
}
