import CZlib

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Reads a data file: plain, gzip, or standard input.
package enum DataFile {
    /// Reads the whole file, decompressed where it is gzip; `-` is standard input.
    /// - Throws: `EstimationError.unreadable`.
    package static func read(_ path: String) throws(EstimationError) -> [UInt8] {
        errno = 0
        let handle = path == "-" ? gzdopen(dup(STDIN_FILENO), "rb") : gzopen(path, "rb")
        guard let handle else {
            throw .unreadable(path: path, reason: errno == 0 ? "not enough memory" : String(cString: strerror(errno)))
        }
        defer { gzclose(handle) }
        gzbuffer(handle, 1 << 17)
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 17)
        while true {
            let count = gzread(handle, &chunk, UInt32(chunk.count))
            if count < 0 {
                var code: Int32 = 0
                let reason = gzerror(handle, &code).map { String(cString: $0) } ?? "unknown"
                throw .unreadable(path: path, reason: code == Z_ERRNO ? String(cString: strerror(errno)) : reason)
            }
            if count == 0 { break }
            bytes.append(contentsOf: chunk[..<Int(count)])
        }
        // gzread reports a truncated file only through gzerror.
        var code: Int32 = 0
        _ = gzerror(handle, &code)
        if code == Z_BUF_ERROR {
            throw .unreadable(path: path, reason: "the gzip file is cut short")
        }
        return bytes
    }

    /// The non-empty lines of a text with their numbers, from 1.
    package static func lines(_ bytes: [UInt8]) -> [(number: Int, bytes: ArraySlice<UInt8>)] {
        var found: [(number: Int, bytes: ArraySlice<UInt8>)] = []
        var number = 0
        for line in bytes.split(separator: 0x0a, omittingEmptySubsequences: false) {
            number += 1
            if line.contains(where: { $0 > 0x20 }) { found.append((number, line)) }
        }
        return found
    }

    /// The CRC-32 of a buffer.
    static func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        guard let base = bytes.baseAddress else { return 0 }
        return UInt32(truncatingIfNeeded: crc32_z(0, base.assumingMemoryBound(to: UInt8.self), bytes.count))
    }
}
