extension ScriptedReply {
    /// A response with a body of any type, in one piece.
    package static func body(
        _ body: [UInt8], type: String?, encoding: String? = nil, chunked: Bool = false
    ) -> ScriptedReply {
        var fields: [(String, String)] = []
        if let type { fields.append(("content-type", type)) }
        if let encoding { fields.append(("content-encoding", encoding)) }
        guard chunked else {
            fields.append(("content-length", "\(body.count)"))
            return ScriptedReply([.send(head(200, fields) + body)])
        }
        fields.append(("transfer-encoding", "chunked"))
        let size = Array("\(String(body.count, radix: 16))\r\n".utf8)
        return ScriptedReply([.send(head(200, fields) + size + body + Array("\r\n0\r\n\r\n".utf8))])
    }

    /// The text of several events, each a line of data.
    package static func lines(_ events: [String]) -> [UInt8] { Array(events.map { "data: \($0)\n\n" }.joined().utf8) }

    /// Bytes as gzip (RFC 1952), stored without compression.
    package static func gzip(_ bytes: [UInt8]) -> [UInt8] {
        var checksum: UInt32 = 0xFFFF_FFFF
        for byte in bytes {
            checksum ^= UInt32(byte)
            for _ in 0..<8 { checksum = checksum & 1 == 1 ? checksum >> 1 ^ 0xEDB8_8320 : checksum >> 1 }
        }
        let head: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255]
        return head + stored(bytes) + littleEndian(~checksum) + littleEndian(UInt32(bytes.count))
    }

    /// Bytes as `deflate` of HTTP, which is zlib's format (RFC 1950), stored without compression.
    package static func deflate(_ bytes: [UInt8]) -> [UInt8] {
        var (low, high): (UInt32, UInt32) = (1, 0)
        for byte in bytes {
            low = (low + UInt32(byte)) % 65_521
            high = (high + low) % 65_521
        }
        return [0x78, 0x01] + stored(bytes) + littleEndian(high << 16 | low).reversed()
    }

    /// Blocks of deflate (RFC 1951) that hold the bytes as they are.
    private static func stored(_ bytes: [UInt8]) -> [UInt8] {
        var blocks: [UInt8] = []
        var rest = bytes[...]
        repeat {
            let piece = rest.prefix(60_000)
            rest = rest.dropFirst(piece.count)
            let length = UInt16(piece.count)
            blocks += [rest.isEmpty ? 1 : 0, UInt8(length & 0xFF), UInt8(length >> 8)]
            blocks += [UInt8(~length & 0xFF), UInt8(~length >> 8)] + piece
        } while !rest.isEmpty
        return blocks
    }

    private static func littleEndian(_ number: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
    }
}
