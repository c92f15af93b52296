/// Takes HTTP/1.1 requests out of a byte stream. Knows `Content-Length` alone, as the clients under test send it.
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
    /// How far the search for the end of the head has come.
    private var searched = 0

    mutating func append(_ bytes: some Sequence<UInt8>) throws(Failure) {
        buffer += bytes
        if buffer.count > Self.maximumBytes { throw .tooLarge }
    }

    /// The next complete request, or nil until more bytes come.
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
        let words = lines[0].split(separator: " ")
        guard words.count == 3 else { throw .malformed }
        var request = Request(method: String(words[0]), path: String(words[1]), headers: [], body: [])
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
