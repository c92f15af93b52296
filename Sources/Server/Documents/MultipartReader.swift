import Domain

/// An incremental parser of `multipart/form-data` (RFC 7578). A pure state machine: bytes in, events out.
///
/// Buffers one part's head, and of its content at most the delimiter's length.
struct MultipartReader {
    enum Event: Hashable, Sendable {
        /// Start of a part: the field's name, and the file name if any.
        case part(name: String, fileName: String?)
        /// Content of the current part.
        case content([UInt8])
        /// End of the current part.
        case partEnd
        /// End of the last part; later bytes are ignored.
        case end
    }

    enum Problem: Error, Hashable, CustomStringConvertible {
        case noBoundary
        case headTooLong
        case malformed(String)
        case cutOff

        var description: String {
            switch self {
            case .noBoundary:
                "the body must be multipart/form-data with a boundary, for example `curl -F purpose=batch -F file=@in.jsonl`"
            case .headTooLong: "the head of a part is longer than \(MultipartReader.maximumHeadBytes) bytes"
            case .malformed(let reason): "the multipart body is malformed: \(reason)"
            case .cutOff: "the multipart body ended before its last boundary"
            }
        }
    }

    private enum State {
        case preamble, afterDelimiter, head, content, end
    }

    static let maximumHeadBytes = 16 << 10
    private let delimiter: [UInt8]
    private var state = State.preamble
    /// Unparsed bytes. A body may begin with its delimiter, so parsing starts as if after a line break.
    private var buffer: [UInt8] = Array("\r\n".utf8)

    /// - Parameter contentType: the request's `Content-Type`, including the boundary.
    init(contentType: String) throws(Problem) {
        let parts = contentType.split(separator: ";", omittingEmptySubsequences: false)
        let type = parts.first.map { Self.trimmed($0).lowercased() }
        let boundary = parts.dropFirst().lazy.map(Self.trimmed).first { $0.lowercased().hasPrefix("boundary=") }
            .map { Self.unquoted($0.dropFirst("boundary=".count)) }
        guard type == "multipart/form-data", let boundary, (1...200).contains(boundary.utf8.count) else {
            throw .noBoundary
        }
        delimiter = Array("\r\n--\(boundary)".utf8)
    }

    mutating func feed(_ bytes: some Collection<UInt8>) throws(Problem) -> [Event] {
        buffer += bytes
        var events: [Event] = []
        while try step(&events) {}
        return events
    }

    /// Ends the input; throws if the last boundary is missing.
    func finish() throws(Problem) {
        guard case .end = state else { throw .cutOff }
    }

    /// One transition; false if more bytes are needed.
    private mutating func step(_ events: inout [Event]) throws(Problem) -> Bool {
        switch state {
        case .preamble:
            guard let found = Self.first(delimiter, in: buffer) else {
                buffer.removeFirst(max(0, buffer.count - delimiter.count + 1))
                return false
            }
            buffer.removeFirst(found + delimiter.count)
            state = .afterDelimiter
            return true
        case .afterDelimiter:
            // RFC 2046 permits trailing spaces on a delimiter's line.
            buffer.removeFirst(buffer.prefix { $0 == 0x20 || $0 == 0x09 }.count)
            guard buffer.count >= 2 else { return false }
            switch (buffer[0], buffer[1]) {
            case (0x2d, 0x2d):
                state = .end
                events.append(.end)
            case (0x0d, 0x0a):
                buffer.removeFirst(2)
                state = .head
            default: throw .malformed("a boundary is followed by other text")
            }
            return true
        case .head:
            // A part without header fields begins with the empty line.
            let isBare = buffer.starts(with: [0x0d, 0x0a])
            let end = isBare ? 0 : Self.first(Array("\r\n\r\n".utf8), in: buffer)
            guard let end else {
                guard buffer.count <= Self.maximumHeadBytes else { throw .headTooLong }
                return false
            }
            guard end <= Self.maximumHeadBytes else { throw .headTooLong }
            events.append(try Self.part(String(decoding: buffer[..<end], as: UTF8.self)))
            buffer.removeFirst(isBare ? 2 : end + 4)
            state = .content
            return true
        case .content:
            if let found = Self.first(delimiter, in: buffer) {
                if found > 0 { events.append(.content(Array(buffer[..<found]))) }
                events.append(.partEnd)
                buffer.removeFirst(found + delimiter.count)
                state = .afterDelimiter
                return true
            }
            let contentLength = buffer.count - delimiter.count + 1
            if contentLength > 0 {
                events.append(.content(Array(buffer[..<contentLength])))
                buffer.removeFirst(contentLength)
            }
            return false
        case .end:
            buffer = []
            return false
        }
    }

    private static func part(_ head: String) throws(Problem) -> Event {
        for line in head.split(separator: "\r\n") {
            let field = line.split(separator: ":", maxSplits: 1)
            guard field.count == 2, trimmed(field[0]).lowercased() == "content-disposition" else { continue }
            let values = parameters(field[1])
            guard let name = values["name"] else { break }
            return .part(name: name, fileName: values["filename"])
        }
        throw .malformed("a part has no Content-Disposition with a name")
    }

    /// Parses the parameters of `form-data; name="file"; filename="a;b.jsonl"`.
    private static func parameters(_ text: Substring) -> [String: String] {
        var values: [String: String] = [:]
        var rest = text
        while let semicolon = rest.firstIndex(of: ";") {
            rest = rest[rest.index(after: semicolon)...]
            guard let equals = rest.firstIndex(of: "=") else { break }
            let name = trimmed(rest[..<equals]).lowercased()
            rest = rest[rest.index(after: equals)...]
            guard rest.first == "\"" else {
                let value = rest.prefix { $0 != ";" }
                values[name] = trimmed(value)
                rest = rest[value.endIndex...]
                continue
            }
            rest = rest.dropFirst()
            var value = ""
            while let character = rest.popFirst(), character != "\"" {
                value.append(character == "\\" ? rest.popFirst() ?? character : character)
            }
            values[name] = value
        }
        return values
    }

    private static func trimmed(_ text: some StringProtocol) -> String {
        var slice = Substring(text)
        while slice.first?.isWhitespace ?? false { slice.removeFirst() }
        while slice.last?.isWhitespace ?? false { slice.removeLast() }
        return String(slice)
    }

    private static func unquoted(_ text: some StringProtocol) -> String {
        let isQuoted = text.count > 1 && text.hasPrefix("\"") && text.hasSuffix("\"")
        return isQuoted ? String(text.dropFirst().dropLast()) : String(text)
    }

    /// The first offset of a byte sequence in another, or nil.
    private static func first(_ needle: [UInt8], in bytes: [UInt8]) -> Int? {
        guard bytes.count >= needle.count, let head = needle.first else { return nil }
        return bytes.withUnsafeBufferPointer { bytes in
            needle.withUnsafeBufferPointer { needle in
                var start = 0
                let last = bytes.count - needle.count
                while start <= last {
                    guard let next = bytes[start...last].firstIndex(of: head) else { return nil }
                    var length = 1
                    while length < needle.count, bytes[next + length] == needle[length] { length += 1 }
                    if length == needle.count { return next }
                    start = next + 1
                }
                return nil
            }
        }
    }
}
