/// Finds requests that a page of somebody else's makes from a browser on this machine.
///
/// A service without keys takes every program on its machine at its word. A browser is one of them and runs the pages of
/// strangers: such a page may post to a loopback address, or have its own name resolved to one (DNS rebinding). `Origin`
/// and `Host` tell, and no page can set them.
enum CrossOriginCheck {
    /// Why a request is not taken for one of this machine's programs; nil where it is.
    ///
    /// - Parameters:
    ///   - authority: the request's `Host`; nil from programs that send none, which no browser is.
    ///   - origin: the request's `Origin`; nil from programs, and from pages of the same origin where nothing is changed.
    static func problem(authority: String?, origin: String?) -> String? {
        if let authority, !isLocal(host: host(of: authority[...])) {
            return "it was sent to '\(authority.prefix(100))', which is no name of this machine"
        }
        guard let origin else { return nil }
        if origin != "null", let authority, origin.lowercased() == "http://\(authority.lowercased())" { return nil }
        guard isLocal(origin: origin) else {
            return "it comes from a page of '\(origin.prefix(100))'"
        }
        return nil
    }

    /// Names that cannot be had in the public DNS, and addresses: a page at an address is a page of that machine.
    private static func isLocal(host: String) -> Bool {
        if host.contains(":") || isIPv4(host) { return true }
        return !host.contains(".") || host.hasSuffix(".localhost") || host.hasSuffix(".internal")
    }

    /// Programs that are made of pages (editors, desktop apps) have schemes of their own, which no web page has.
    private static func isLocal(origin: String) -> Bool {
        guard let end = origin.firstRange(of: "://") else { return false }
        let scheme = origin[..<end.lowerBound].lowercased()
        guard scheme == "http" || scheme == "https" else { return !scheme.isEmpty }
        let host = host(of: origin[end.upperBound...])
        return host == "localhost" || host.hasSuffix(".localhost") || host == "::1"
            || (isIPv4(host) && host.hasPrefix("127."))
    }

    /// Without port, brackets and the dot that ends a full name; in lower case.
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
