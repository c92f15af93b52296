/// Hosts that are no names of the public DNS, which gives them no address.
package enum LocalName {
    private static let domains = [".localhost", ".internal"]
    /// The domain of names that machines of the same network announce themselves.
    private static let announced = ".local"

    /// Whether a host is an address, a name without dots, or one of a domain that the public DNS never has.
    ///
    /// - Parameters:
    ///   - host: in lower case, without port, brackets and trailing dot.
    ///   - trustsNetwork: whether `.local` counts, which any machine of the network may claim.
    package static func holds(_ host: String, trustsNetwork: Bool) -> Bool {
        IPAddress(host: host) != nil || !host.contains(".") || domains.contains { host.hasSuffix($0) }
            || trustsNetwork && host.hasSuffix(announced)
    }
}
