/// Status, header fields and timing of a response.
struct ResponseHead: Hashable, Sendable {
    let status: Int
    let headers: UpstreamHeaders
    let timing: UpstreamTiming
}

/// Timing of a response's head, in seconds.
package struct UpstreamTiming: Hashable, Sendable {
    /// From `send` to the start of the transfer: time in the queue.
    package let queueSeconds: Double
    /// From the start of the transfer to an established connection; about 0 on a reused one.
    package let connectSeconds: Double
    /// From the start of the transfer to the first byte of the head.
    package let firstByteSeconds: Double

    package init(queueSeconds: Double, connectSeconds: Double, firstByteSeconds: Double) {
        self.queueSeconds = queueSeconds
        self.connectSeconds = connectSeconds
        self.firstByteSeconds = firstByteSeconds
    }
}

/// The header fields of a response, in the order received.
package struct UpstreamHeaders: Hashable, Sendable {
    /// One header field; names keep the server's spelling.
    package struct Field: Hashable, Sendable {
        package let name: String
        package let value: String

        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    package var fields: [Field]

    package init(_ fields: [Field] = []) {
        self.fields = fields
    }

    /// The first value of a field; names are case-insensitive.
    package subscript(name: String) -> String? {
        fields.first { Self.isSame($0.name, name) }?.value
    }

    /// About how many bytes the head had.
    package var byteCount: Int {
        fields.reduce("HTTP/1.1 200\r\n\r\n".utf8.count) { $0 + $1.name.utf8.count + $1.value.utf8.count + 4 }
    }

    private static func isSame(_ left: String, _ right: String) -> Bool {
        left.utf8.count == right.utf8.count && zip(left.utf8, right.utf8).allSatisfy { lowercase($0) == lowercase($1) }
    }

    private static func lowercase(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }
}

/// Parses a response's head from the lines that libcurl delivers. Pure.
struct HeadReader {
    /// Bytes of all lines so far, including interim heads and trailers.
    private(set) var bytes = 0
    /// Whether the final head is complete; later lines are trailers.
    private(set) var isComplete = false
    private var status = 0
    private var fields: [UpstreamHeaders.Field] = []

    /// Parses one line with its line break. Returns status and fields at the end of the final head; interim heads (1xx)
    /// are skipped.
    mutating func read(line: UnsafeRawBufferPointer) -> (status: Int, headers: UpstreamHeaders)? {
        bytes += line.count
        guard !isComplete else { return nil }
        var line = line[...]
        while let last = line.last, last == 0x0A || last == 0x0D { line = line.dropLast() }
        if line.isEmpty {
            guard status >= 200 else {
                fields = []
                return nil
            }
            isComplete = true
            return (status, UpstreamHeaders(fields))
        }
        if line.starts(with: "HTTP/".utf8) {
            status =
                line.split(separator: 0x20).dropFirst().first.flatMap { Int(String(decoding: $0, as: UTF8.self)) } ?? 0
            fields = []
        } else if let colon = line.firstIndex(of: UInt8(ascii: ":")) {
            fields.append(
                UpstreamHeaders.Field(
                    name: Self.text(line[..<colon]), value: Self.text(line[line.index(after: colon)...])))
        }
        return nil
    }

    private static func text(_ bytes: Slice<UnsafeRawBufferPointer>) -> String {
        var bytes = bytes
        while let first = bytes.first, first == 0x20 || first == 0x09 { bytes = bytes.dropFirst() }
        while let last = bytes.last, last == 0x20 || last == 0x09 { bytes = bytes.dropLast() }
        return String(decoding: bytes, as: UTF8.self)
    }
}
