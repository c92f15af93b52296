/// Which addresses may be connected to. Checked on the address of the connection itself, so that no name can stand for
/// another one a moment later.
///
/// Nothing is sent to link-local addresses and to those where clouds hand out a machine's own credentials. URLs that
/// clients give lead to no private address either: to no other server of the operator's network, nor to this machine.
package struct HostRule: Hashable, Sendable {
    /// Names that may lead anywhere: `tools.corp.example.com`, or `*.corp.example.com`.
    private let names: [String]
    private let ranges: [AddressRange]

    /// Allows what is usual.
    package init() { (names, ranges) = ([], []) }

    /// - Parameter allowed: names, names that begin with `*.`, addresses, and ranges such as `10.0.0.0/8`.
    /// - Throws: the first text that is none of them.
    package init(allowed: [String]) throws(HostRuleFault) {
        var names: [String] = []
        var ranges: [AddressRange] = []
        for text in allowed {
            if let range = AddressRange(text) {
                ranges.append(range)
            } else if Self.isName(text.hasPrefix("*.") ? text.dropFirst(2) : text[...]) {
                names.append(text.lowercased())
            } else {
                throw HostRuleFault(text: text)
            }
        }
        (self.names, self.ranges) = (names, ranges)
    }

    /// Why nothing is sent to an address; nil where it may be.
    ///
    /// - Parameters:
    ///   - host: the host of the URL, without port and brackets.
    ///   - isFromClient: whether a client gave the URL.
    func refusal(of address: IPAddress, host: String, isFromClient: Bool) -> String? {
        let reached = address.reached
        guard let kind = AddressKind.all.first(where: { $0.holds(reached) || $0.holds(address) }),
            isFromClient || kind.isNeverMeant
        else { return nil }
        if ranges.contains(where: { $0.contains(address) || $0.contains(reached) }) || allows(host) { return nil }
        return "its address is \(kind.title), where nothing is sent to unless `hosts.allow` of the settings lists it"
    }

    private func allows(_ host: String) -> Bool {
        let host = host.hasSuffix(".") ? String(host.dropLast()) : host
        return names.contains { $0.hasPrefix("*.") ? host.hasSuffix($0.dropFirst()) : host == $0 }
    }

    private static func isName(_ text: Substring) -> Bool {
        !text.isEmpty && text.count <= 253 && !text.hasPrefix(".")
            && text.utf8.allSatisfy { byte in
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || "-._".utf8.contains(byte)
            }
    }
}

/// A text that is no name, address or range of addresses.
package struct HostRuleFault: Error, Hashable, Sendable {
    /// The text as it was given.
    package let text: String
}

/// A kind of address with a meaning of its own (IANA's registries of special-purpose addresses).
private struct AddressKind {
    let title: String
    /// Whether no operator means such an address without saying so.
    let isNeverMeant: Bool
    private let ranges: [AddressRange]

    private init(_ title: String, isNeverMeant: Bool = false, _ ranges: [String]) {
        self.title = title
        self.isNeverMeant = isNeverMeant
        self.ranges = ranges.compactMap { AddressRange($0) }
    }

    func holds(_ address: IPAddress) -> Bool { ranges.contains { $0.contains(address) } }

    /// AWS over IPv6, Alibaba, Oracle and Azure have their services for machines outside the link-local ranges.
    static let all = [
        AddressKind(
            "that of a cloud's service for its machines", isNeverMeant: true,
            [
                "169.254.169.254", "169.254.170.2", "fd00:ec2::254", "fd20:ce::254", "100.100.100.200", "192.0.0.192",
                "168.63.129.16",
            ]),
        AddressKind("link-local", isNeverMeant: true, ["169.254.0.0/16", "fe80::/10"]),
        AddressKind("this machine's own", ["127.0.0.0/8", "0.0.0.0/8", "::1", "::"]),
        AddressKind(
            "private",
            ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7", "fec0::/10"]),
        AddressKind(
            "no public one",
            [
                "192.0.0.0/24", "192.0.2.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4",
                "240.0.0.0/4", "ff00::/8", "2001:db8::/32", "100::/64",
            ]),
    ]
}
