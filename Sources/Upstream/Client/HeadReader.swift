/// Reads an answer's head from the lines that libcurl hands over one by one. Pure: lines in, heads out.
struct HeadReader {
    /// Bytes of all lines so far, interim heads and trailers included.
    private(set) var bytes = 0
    /// Whether the final head is complete; what follows are trailers.
    private(set) var isComplete = false
    private var status = 0
    private var fields: [UpstreamHeaders.Field] = []

    /// Takes one line with its line break. Returns status and fields when the line ends the final head; interim heads
    /// (1xx) are skipped.
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
