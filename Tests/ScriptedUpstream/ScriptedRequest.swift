/// A request as the scripted server received it.
package struct ScriptedRequest: Sendable {
    /// 1 for the first request of the server's life.
    package let number: Int
    /// 1 for the first connection of the server's life.
    package let connection: Int
    package let method: String
    package let path: String
    package let headers: [(name: String, value: String)]
    package let body: [UInt8]

    /// The first value of a header; names are case-insensitive.
    package func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    package var bodyText: String { String(decoding: body, as: UTF8.self) }

    /// The body's `model`, found by substring search, which suffices for test bodies.
    package var model: String {
        guard let key = bodyText.range(of: "\"model\""), let open = bodyText[key.upperBound...].firstIndex(of: "\"")
        else { return "" }
        return String(bodyText[bodyText.index(after: open)...].prefix { $0 != "\"" })
    }

    /// Whether the body requests a stream, found by substring search.
    package var isStreaming: Bool {
        let squeezed = bodyText.filter { !$0.isWhitespace }
        return squeezed.range(of: "\"stream\":true") != nil
    }
}

extension String {
    /// The index of the first occurrence of another string, or nil.
    fileprivate func range(of needle: String) -> Range<Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(needle) { return start..<index(start, offsetBy: needle.count) }
            start = index(after: start)
        }
        return nil
    }
}

/// Parses HTTP/1.1 requests from a byte stream. Supports `Content-Length` only, as the tested clients send it.
struct RequestParser {
    struct Request {
        var method: String
        var path: String
        var headers: [(name: String, value: String)]
        var body: [UInt8]
    }

    enum Failure: Error { case malformed, tooLarge }

    static let maximumBytes = 64 << 20
    private var buffer: [UInt8] = []
    private var pending: (request: Request, bodyBytes: Int)?
    /// Progress of the search for the head's end.
    private var searched = 0

    mutating func append(_ bytes: some Sequence<UInt8>) throws(Failure) {
        buffer += bytes
        if buffer.count > Self.maximumBytes { throw .tooLarge }
    }

    /// The next complete request, or nil if more bytes are needed.
    mutating func next() throws(Failure) -> Request? {
        if pending == nil {
            guard let end = endOfHead() else { return nil }
            pending = try Self.parse(head: String(decoding: buffer[..<end], as: UTF8.self))
            buffer.removeFirst(end + 4)
            searched = 0
        }
        guard let (head, bodyBytes) = pending, buffer.count >= bodyBytes else { return nil }
        var request = head
        request.body = Array(buffer.prefix(bodyBytes))
        buffer.removeFirst(bodyBytes)
        pending = nil
        return request
    }

    private mutating func endOfHead() -> Int? {
        var index = searched
        while index + 4 <= buffer.count {
            if buffer[index] == 13, buffer[index + 1] == 10, buffer[index + 2] == 13, buffer[index + 3] == 10 {
                return index
            }
            index += 1
        }
        searched = index
        return nil
    }

    private static func parse(head: String) throws(Failure) -> (request: Request, bodyBytes: Int) {
        let lines = head.split(separator: "\r\n", omittingEmptySubsequences: false)
        let fields = lines[0].split(separator: " ")
        guard fields.count == 3 else { throw .malformed }
        var request = Request(method: String(fields[0]), path: String(fields[1]), headers: [], body: [])
        var bodyBytes = 0
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { throw .malformed }
            let name = String(line[..<colon])
            let value = String(line[line.index(after: colon)...].drop { $0 == " " })
            request.headers.append((name, value))
            switch name.lowercased() {
            case "content-length":
                guard let length = Int(value), (0...maximumBytes).contains(length) else { throw .malformed }
                bodyBytes = length
            case "transfer-encoding": throw .malformed
            default: break
            }
        }
        return (request, bodyBytes)
    }
}
