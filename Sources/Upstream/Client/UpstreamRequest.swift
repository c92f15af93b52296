/// What becomes of a transfer when the task that waits for it is cancelled.
package enum UpstreamCancellation: Hashable, Sendable {
    /// The connection is closed at once, and waiting ends with ``UpstreamError/cancelled``.
    case abort
    /// The answer is still delivered to the cancelled task, so that its usage can be read and booked; it has this long
    /// from the cancellation on, and is then aborted.
    case drain(within: Duration)
}

/// One HTTP call to a model's server.
package struct UpstreamRequest: Sendable {
    /// `GET`, `POST`, `DELETE`, ...
    package var method: String
    /// `http` or `https`, without user and password.
    package var url: String
    /// Sent as given. Host, length and framing are added.
    package var headers: [(String, String)]
    package var body: [UInt8]
    package var timeouts: UpstreamTimeouts
    /// Bytes of the answer's body above which the call fails with ``UpstreamError/tooLarge(host:limit:)``.
    package var maximumResponseBytes: Int
    package var cancellation: UpstreamCancellation
    /// Whether it may be sent a second time where its connection breaks before the first byte of an answer. Where not, it
    /// also goes on a connection of its own: a kept one may be dead already.
    package var isRepeatable = true
    /// Whether an answer costs money. Such a request is sent once, on whatever connection: whoever books it has to know of
    /// every time that a server may have read it, and may send it again.
    package var isCharged = false

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
    /// Method and URL up to its query: headers and body may hold secrets and are never shown.
    package var description: String { "\(method) \(url.prefix { $0 != "?" && $0 != "#" })" }
}

extension UpstreamRequest {
    /// Where it goes; throws ``UpstreamError/invalidRequest(reason:)`` for what must not be sent.
    func validatedOrigin() throws(UpstreamError) -> Origin {
        guard !method.isEmpty, method.utf8.allSatisfy(Self.isTokenByte) else {
            throw .invalidRequest(reason: "the method has characters that HTTP does not allow")
        }
        for (name, value) in headers {
            guard !name.isEmpty, name.utf8.allSatisfy(Self.isTokenByte) else {
                throw .invalidRequest(reason: "a header name has characters that HTTP does not allow")
            }
            // The length is the body's own; another one would let the rest of the body pass for a second request.
            guard !["content-length", "transfer-encoding", "host"].contains(name.lowercased()) else {
                throw .invalidRequest(reason: "the header \(name) is not the caller's to set")
            }
            // A line break in a value would let a caller add headers, or a second request, of its own.
            guard !value.utf8.contains(where: { $0 < 0x20 && $0 != 0x09 || $0 == 0x7F }) else {
                throw .invalidRequest(reason: "the value of the header \(name) has control characters")
            }
        }
        return try Origin(url: url)
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

/// The scheme and authority of a URL: what connections are shared by, and what error messages name.
package struct Origin: Hashable, Sendable {
    let isSecure: Bool
    /// Host and, where given, port, lower case.
    package let host: String

    /// Reads the origin of an absolute `http` or `https` URL.
    package init(url: String) throws(UpstreamError) {
        // libcurl does the exact parsing; here is only what decides on limits and keeps secrets out of messages.
        guard url.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw .invalidRequest(reason: "the URL has spaces, control or non-ASCII characters")
        }
        let lowercased = url.lowercased()
        let rest: Substring
        if lowercased.hasPrefix("https://") {
            isSecure = true
            rest = lowercased.dropFirst(8)
        } else if lowercased.hasPrefix("http://") {
            isSecure = false
            rest = lowercased.dropFirst(7)
        } else {
            throw .invalidRequest(reason: "the URL begins with neither http:// nor https://")
        }
        let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" && $0 != "\\" }
        guard !authority.contains("@") else {
            throw .invalidRequest(reason: "the URL holds a user or password; name a key variable instead")
        }
        guard !authority.isEmpty, authority.first != ":" else {
            throw .invalidRequest(reason: "the URL names no host")
        }
        host = String(authority)
    }
}
