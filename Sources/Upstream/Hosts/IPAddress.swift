import CCurl

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// An IP address as four or sixteen bytes. An IPv4 address inside an IPv6 one is read as what it stands for.
struct IPAddress: Hashable, Sendable {
    /// Four bytes of IPv4, else sixteen.
    let bytes: [UInt8]

    init(bytes: [UInt8]) { self.bytes = bytes }

    /// Parses a host of a URL: an address in usual form, or IPv4 in one of the odd forms that resolvers take (`0x7f.1`,
    /// `2130706433`). Nil for a name.
    init?(host: String) {
        // A zone (`fe80::1%eth0`) does not change the address.
        let text = host.utf8.contains(UInt8(ascii: "%")) ? String(host.prefix { $0 != "%" }) : host
        let bytes = text.withCString { text -> [UInt8]? in
            var six = in6_addr()
            if inet_pton(AF_INET6, text, &six) == 1 { return withUnsafeBytes(of: &six) { Array($0) } }
            var four = in_addr()
            return inet_aton(text, &four) == 1 ? withUnsafeBytes(of: &four) { Array($0) } : nil
        }
        guard let bytes else { return nil }
        self.init(bytes: bytes)
    }

    /// The address that libcurl is about to connect to; nil for other families.
    init?(_ address: UnsafeMutablePointer<curl_sockaddr>) {
        let family = address.pointee.family
        guard let offset = MemoryLayout<curl_sockaddr>.offset(of: \.addr) else { return nil }
        let start = UnsafeRawPointer(address) + offset
        switch family {
        case AF_INET:
            var four = start.loadUnaligned(as: sockaddr_in.self).sin_addr
            self.init(bytes: withUnsafeBytes(of: &four) { Array($0) })
        case AF_INET6:
            var six = start.loadUnaligned(as: sockaddr_in6.self).sin6_addr
            self.init(bytes: withUnsafeBytes(of: &six) { Array($0) })
        default: return nil
        }
    }

    /// The IPv4 address that packets to this one reach: of a mapped (`::ffff:1.2.3.4`), compatible, NAT64 or 6to4
    /// address. Else the address itself.
    var reached: IPAddress {
        guard bytes.count == 16 else { return self }
        let isZero = { (range: Range<Int>) in self.bytes[range].allSatisfy { $0 == 0 } }
        if isZero(0..<10), bytes[10] == 0xFF, bytes[11] == 0xFF { return IPAddress(bytes: Array(bytes[12...])) }
        // `::` and `::1` are addresses of their own.
        if isZero(0..<12), !isZero(12..<15) { return IPAddress(bytes: Array(bytes[12...])) }
        if bytes.starts(with: [0x00, 0x64, 0xFF, 0x9B]), isZero(4..<12) || bytes[4...5] == [0, 1] {
            return IPAddress(bytes: Array(bytes[12...]))
        }
        if bytes.starts(with: [0x20, 0x02]) { return IPAddress(bytes: Array(bytes[2..<6])) }
        return self
    }
}

/// A range of addresses: `10.0.0.0/8`, or one address.
struct AddressRange: Hashable, Sendable {
    private let start: [UInt8]
    private let bits: Int

    /// Parses an address with or without a number of bits behind a slash; nil for anything else.
    init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, let first = parts.first, first.contains(where: { $0 == "." || $0 == ":" }),
            let address = IPAddress(host: String(first))
        else { return nil }
        let all = address.bytes.count * 8
        guard let bits = parts.count == 2 ? Int(parts[1]) : all, (0...all).contains(bits) else { return nil }
        start = address.bytes
        self.bits = bits
    }

    /// Whether an address of the same family is in the range.
    func contains(_ address: IPAddress) -> Bool {
        guard address.bytes.count == start.count else { return false }
        let whole = bits / 8
        guard address.bytes.prefix(whole).elementsEqual(start.prefix(whole)) else { return false }
        guard bits % 8 > 0 else { return true }
        let mask = UInt8(truncatingIfNeeded: 0xFF00 >> (bits % 8))
        return address.bytes[whole] & mask == start[whole] & mask
    }
}
