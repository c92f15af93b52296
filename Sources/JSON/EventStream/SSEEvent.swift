/// One event of a server-sent event stream (WHATWG HTML, section 9.2).
package struct SSEEvent: Sendable, Hashable {
    /// The type of the event; nil where the stream named none (a browser then says "message").
    package var event: String?
    /// The contents of all `data` lines joined by line feeds. Not checked to be UTF-8.
    package var data: [UInt8]
    /// The last event ID of the stream at this event. It stays in force until another `id` line comes.
    package var id: String?

    package init(event: String? = nil, data: [UInt8], id: String? = nil) {
        self.event = event
        self.data = data
        self.id = id
    }

    /// Encodes one event, including the blank line at its end.
    ///
    /// Line breaks in `data` (LF, CR, CRLF) begin a new `data` line each, so a reader gets all of them as LF. Line
    /// breaks in a type or ID, and NUL in an ID, are dropped.
    ///
    /// - Parameters:
    ///   - event: the type; nil for none.
    ///   - data: the contents, usually one JSON text.
    ///   - id: the event ID; nil leaves the last one in force.
    package static func encode(event: String? = nil, data: some Collection<UInt8>, id: String? = nil) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(data.count + 32)
        if let event { append("event: ", event, to: &bytes) }
        if let id { append("id: ", id, to: &bytes) }
        let whole: Void? = data.withContiguousStorageIfAvailable { append($0, to: &bytes) }
        if whole == nil { Array(data).withUnsafeBufferPointer { append($0, to: &bytes) } }
        bytes.append(ASCII.lineFeed)
        return bytes
    }

    private static func append(_ name: StaticString, _ value: String, to bytes: inout [UInt8]) {
        bytes.append(contentsOf: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
        for byte in value.utf8 where byte != ASCII.lineFeed && byte != ASCII.carriageReturn && byte != 0 {
            bytes.append(byte)
        }
        bytes.append(ASCII.lineFeed)
    }

    private static func append(_ data: UnsafeBufferPointer<UInt8>, to bytes: inout [UInt8]) {
        var lines = SSELines(data)
        var endsWithLine = false
        repeat {
            let line = lines.next()
            endsWithLine = line != nil
            bytes.append(contentsOf: "data: ".utf8)
            bytes.append(contentsOf: line ?? lines.rest)
            bytes.append(ASCII.lineFeed)
        } while endsWithLine
    }
}

/// Why reading an event stream has to stop.
package enum SSEError: Error, Sendable, Hashable, CustomStringConvertible {
    /// An event or a line exceeds the reader's limit.
    case eventTooLarge(maximumBytes: Int)

    package var description: String {
        switch self {
        case .eventTooLarge(let maximumBytes):
            "an event of the stream is longer than \(maximumBytes) bytes; "
                + "check that the server sends an event stream, or raise the limit"
        }
    }
}
