import Upstream

/// Detects cross-origin and DNS-rebinding requests from a browser on this machine.
///
/// A service without keys trusts every local program, and a browser is one. A web page may post to a loopback address,
/// or rebind its own name to one. Pages cannot forge `Origin` and `Host`, which reveal both attacks.
enum CrossOriginCheck {
    /// The reason for rejecting a request; nil for a local program.
    ///
    /// - Parameters:
    ///   - authority: the request's `Host`; nil from programs that send none, which browsers never do.
    ///   - origin: the request's `Origin`; nil from programs and from safe same-origin requests.
    static func problem(authority: String?, origin: String?) -> String? {
        if let authority, !isPlainLoopback(authority),
            !LocalName.holds(host(of: authority[...]), trustsNetwork: false)
        {
            // Pages of an address belong to that machine.
            return "it was sent to '\(authority.prefix(100))', which is no name of this machine"
        }
        guard let origin else { return nil }
        if origin != "null", let authority, origin.lowercased() == "http://\(authority.lowercased())" { return nil }
        guard isLocal(origin: origin) else {
            return "it comes from a page of '\(origin.prefix(100))'"
        }
        return nil
    }

    /// Whether a `Host` is the usual one of programs on this machine: its IPv4 loopback address, with or without a port.
    private static func isPlainLoopback(_ authority: String) -> Bool {
        let address = "127.0.0.1".utf8
        guard authority.utf8.starts(with: address) else { return false }
        let rest = authority.utf8.dropFirst(address.count)
        return rest.isEmpty || rest.first == UInt8(ascii: ":")
    }

    /// Editors and desktop apps use schemes of their own, which web pages cannot have.
    private static func isLocal(origin: String) -> Bool {
        guard let end = origin.firstRange(of: "://") else { return false }
        let scheme = origin[..<end.lowerBound].lowercased()
        guard scheme == "http" || scheme == "https" else { return !scheme.isEmpty }
        let host = host(of: origin[end.upperBound...])
        return host == "localhost" || host.hasSuffix(".localhost") || host == "::1"
            || (isIPv4(host) && host.hasPrefix("127."))
    }

    /// The host in lower case, without port, brackets and trailing dot.
    private static func host(of authority: Substring) -> String {
        if authority.first == "[" { return authority.dropFirst().prefix { $0 != "]" }.lowercased() }
        let host = authority.prefix { $0 != ":" }
        return (host.last == "." ? host.dropLast() : host).lowercased()
    }

    private static func isIPv4(_ host: String) -> Bool {
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts.allSatisfy { UInt8($0) != nil }
    }
}
