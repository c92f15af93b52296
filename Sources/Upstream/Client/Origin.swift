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
