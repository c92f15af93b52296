import Synchronization

/// Effect of task cancellation on a transfer.
package enum UpstreamCancellation: Hashable, Sendable {
    /// Closes the connection at once; waiting ends with ``UpstreamError/cancelled``.
    case abort
    /// Still delivers the response to the cancelled task, so its usage can be settled. Aborts the transfer after this
    /// time.
    case drain(within: Duration)
}

/// One HTTP request to a model server.
package struct UpstreamRequest: Sendable {
    /// `GET`, `POST`, `DELETE`, ...
    package var method: String
    /// `http` or `https`, without user and password.
    package var url: String
    /// Sent unchanged. `Host`, length and framing are added.
    package var headers: [(String, String)]
    package var body: [UInt8]
    package var timeouts: UpstreamTimeouts
    /// Limit of the response body in bytes; more fails with ``UpstreamError/tooLarge(host:limit:)``.
    package var maximumResponseBytes: Int
    package var cancellation: UpstreamCancellation
    /// Whether the client may retry when the connection breaks before the first response byte. If not, the request uses
    /// a new connection: a reused one may be dead.
    package var isRepeatable = true
    /// Whether the response is billed. A billed request is sent once: the ledger must count every send that a server
    /// may have processed.
    package var isCharged = false
    /// Whether a client gave the URL, which then leads to no private address (``HostRule``).
    package var isFromClient = false
    /// The signature that libcurl adds to the headers; nil for none.
    package var signature: RequestSignature?
    /// Secrets in headers and signature, which are removed from errors: some servers repeat them.
    package var secrets: [String] = []

    package init(
        method: String = "POST", url: String, headers: [(String, String)] = [], body: [UInt8] = [],
        timeouts: UpstreamTimeouts = UpstreamTimeouts(), maximumResponseBytes: Int = 64 << 20,
        cancellation: UpstreamCancellation = .abort
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.timeouts = timeouts
        self.maximumResponseBytes = maximumResponseBytes
        self.cancellation = cancellation
    }
}

extension UpstreamRequest: CustomStringConvertible {
    /// Method and URL without its query: headers and body may hold secrets and are never shown.
    package var description: String { "\(method) \(url.prefix { $0 != "?" && $0 != "#" })" }
}

extension UpstreamRequest {
    /// Validates the request; throws ``UpstreamError/invalidRequest(reason:)`` for unsafe methods, headers or URLs.
    func validatedOrigin() throws(UpstreamError) -> Origin {
        guard !method.isEmpty, method.utf8.allSatisfy(Self.isTokenByte) else {
            throw .invalidRequest(reason: "the method has characters that HTTP does not allow")
        }
        for (name, value) in headers {
            guard !name.isEmpty, name.utf8.allSatisfy(Self.isTokenByte) else {
                throw .invalidRequest(reason: "a header name has characters that HTTP does not allow")
            }
            // A wrong length would smuggle the rest of the body as a second request.
            guard !Self.isFraming(name) else {
                throw .invalidRequest(reason: "the header \(name) is not the caller's to set")
            }
            // A line break in a value would inject headers or a second request.
            guard !value.utf8.contains(where: { $0 < 0x20 && $0 != 0x09 || $0 == 0x7F }) else {
                throw .invalidRequest(reason: "the value of the header \(name) has control characters")
            }
        }
        return try Origin.remembered(url)
    }

    /// Whether a header is set by libcurl alone. Most names are told by their length.
    private static func isFraming(_ name: String) -> Bool {
        switch name.utf8.count {
        case 4, 14, 17: ["content-length", "transfer-encoding", "host"].contains(name.lowercased())
        default: false
        }
    }

    /// RFC 9110, section 5.6.2: the characters of a token.
    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}

/// The scheme and authority of a URL: the key of connection limits, and the host in error messages.
///
/// Each request asks for its name and address, so they are read once. Scheme and authority tell origins apart.
package struct Origin: Hashable, Sendable {
    /// Whether the scheme is `https`.
    package let isSecure: Bool
    /// Host and optional port, in lower case.
    package let host: String
    /// The host without its port, and an IPv6 address without its brackets.
    package let hostName: String
    /// The host as an address; nil for a name.
    let address: IPAddress?

    /// Compares scheme and authority; the other members follow from them.
    package static func == (left: Origin, right: Origin) -> Bool {
        left.isSecure == right.isSecure && left.host == right.host
    }

    /// Hashes scheme and authority.
    package func hash(into hasher: inout Hasher) {
        hasher.combine(isSecure)
        hasher.combine(host)
    }

    /// Whether the host is an address, or a name that only this machine or its network knows.
    package var isLocalName: Bool { address != nil || LocalName.holds(hostName, trustsNetwork: true) }

    /// Parses the origin of an absolute `http` or `https` URL.
    package init(url: String) throws(UpstreamError) {
        // libcurl does the exact parsing. This checks what selects limits and keeps secrets out of messages.
        guard url.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw .invalidRequest(reason: "the URL has spaces, control or non-ASCII characters")
        }
        let rest: Substring.UTF8View
        if let secure = Self.rest(of: url.utf8, after: "https://") {
            isSecure = true
            rest = secure
        } else if let plain = Self.rest(of: url.utf8, after: "http://") {
            isSecure = false
            rest = plain
        } else {
            throw .invalidRequest(reason: "the URL begins with neither http:// nor https://")
        }
        let authority = rest.prefix { !"/?#\\".utf8.contains($0) }
        guard !authority.contains(UInt8(ascii: "@")) else {
            throw .invalidRequest(reason: "the URL holds a user or password; name a key variable instead")
        }
        guard let first = authority.first, first != UInt8(ascii: ":") else {
            throw .invalidRequest(reason: "the URL names no host")
        }
        host = String(decoding: authority.map(Self.lowercased), as: UTF8.self)
        hostName =
            host.hasPrefix("[")
            ? String(host.dropFirst().prefix { $0 != "]" }) : String(host.prefix { $0 != ":" })
        address = IPAddress(host: hostName)
    }

    /// Origins by the URLs that were parsed last: calls go to the few URLs of a catalog.
    private static let known = Mutex<[String: Origin]>([:])
    /// URLs of batches and files are without end, so all are forgotten at this number.
    private static let mostKnown = 512

    /// The origin of a URL, which is parsed once.
    package static func remembered(_ url: String) throws(UpstreamError) -> Origin {
        if let origin = known.withLock({ $0[url] }) { return origin }
        let origin = try Origin(url: url)
        known.withLock { known in
            if known.count >= mostKnown { known.removeAll(keepingCapacity: true) }
            known[url] = origin
        }
        return origin
    }

    /// What follows a scheme in any case; nil behind another one.
    private static func rest(of url: String.UTF8View, after scheme: String) -> Substring.UTF8View? {
        let count = scheme.utf8.count
        guard url.prefix(count).elementsEqual(scheme.utf8, by: { lowercased($0) == $1 }) else { return nil }
        return url.dropFirst(count)
    }

    private static func lowercased(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte + 32 : byte
    }
}
