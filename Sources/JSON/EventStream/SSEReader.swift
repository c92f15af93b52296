/// Parses a server-sent event stream incrementally, in chunks of any size (WHATWG HTML, section 9.2.6).
///
/// Lines end with LF, CR or CRLF. One byte order mark at the start is skipped. Comments, unknown fields and `retry`
/// (this reader never reconnects) are ignored. Data stays bytes. An event type or ID that is not UTF-8 is repaired with
/// U+FFFD, as the standard says.
package struct SSEReader: Sendable {
    private let maximumEventBytes: Int
    /// The unfinished line at the end of the last chunk.
    private var line: [UInt8] = []
    /// The `data` lines of the current event; nil before the first.
    private var data: [UInt8]?
    private var event: String?
    private var lastID: String?
    private var isAtStart = true
    private var skipsLineFeed = false
    private var failure: SSEError?

    /// - Parameter maximumEventBytes: the limit for the data of an event and the line being read, together.
    package init(maximumEventBytes: Int = 1 << 20) {
        self.maximumEventBytes = maximumEventBytes
    }

    /// Consumes the next bytes of the stream and returns the events that they complete.
    ///
    /// - Throws: when an event exceeds the limit. Earlier events of the same chunk are then lost, and every later
    ///   call throws again.
    package mutating func feed(_ chunk: some Collection<UInt8>) throws(SSEError) -> [SSEEvent] {
        if let failure { throw failure }
        var events: [SSEEvent] = []
        let whole: Void? = chunk.withContiguousStorageIfAvailable { read($0, into: &events) }
        if whole == nil { Array(chunk).withUnsafeBufferPointer { read($0, into: &events) } }
        if let failure { throw failure }
        return events
    }

    /// Ends the stream and resets the reader.
    ///
    /// An event is complete only with the blank line after it. The standard discards an event without one, so
    /// ``feed(_:)`` never returns it. This method does, for accounting only: such an event may hold the usage. Never
    /// forward it to a client. Nil unless the stream broke off inside an event with at least one whole `data` line. A
    /// line without its end is always discarded.
    package mutating func finish() -> SSEEvent? {
        let last = data.map { SSEEvent(event: event, data: $0, id: lastID) }
        self = SSEReader(maximumEventBytes: maximumEventBytes)
        return last
    }

    private mutating func read(_ chunk: UnsafeBufferPointer<UInt8>, into events: inout [SSEEvent]) {
        guard !chunk.isEmpty else { return }
        var lines = SSELines(chunk)
        if skipsLineFeed { lines.skipLineFeed() }
        while let end = lines.next() {
            if line.isEmpty {
                readLine(end, into: &events)
            } else {
                line.append(contentsOf: end)
                // The buffer is swapped back, emptied, to reuse its capacity.
                var whole: [UInt8] = []
                swap(&whole, &line)
                whole.withUnsafeBufferPointer { readLine($0, into: &events) }
                whole.removeAll(keepingCapacity: true)
                swap(&whole, &line)
            }
            if failure != nil { return }
        }
        skipsLineFeed = lines.endsInsideLineBreak
        let rest = lines.rest
        if exceedsLimit(line.count + rest.count) { return }
        line.append(contentsOf: rest)
    }

    private mutating func exceedsLimit(_ lineBytes: Int) -> Bool {
        guard lineBytes + (data?.count ?? 0) > maximumEventBytes else { return false }
        failure = .eventTooLarge(maximumBytes: maximumEventBytes)
        line = []
        data = nil
        return true
    }

    private mutating func readLine(_ line: UnsafeBufferPointer<UInt8>, into events: inout [SSEEvent]) {
        if exceedsLimit(line.count) { return }
        var line = line
        if isAtStart {
            isAtStart = false
            if line.count >= 3, line[0] == 0xEF, line[1] == 0xBB, line[2] == 0xBF {
                line = UnsafeBufferPointer(rebasing: line[3...])
            }
        }
        guard let first = line.first else {
            if let data { events.append(SSEEvent(event: event, data: data, id: lastID)) }
            data = nil
            event = nil
            return
        }
        if first == ASCII.colon { return }
        let colon = line.firstIndex(of: ASCII.colon) ?? line.count
        var start = min(colon + 1, line.count)
        if start < line.count, line[start] == ASCII.space { start += 1 }
        let value = UnsafeBufferPointer(rebasing: line[start...])
        let name = UnsafeBufferPointer(rebasing: line[..<colon])
        if isField(name, "data") {
            if data == nil {
                data = Array(value)
            } else {
                data?.append(ASCII.lineFeed)
                data?.append(contentsOf: value)
            }
        } else if isField(name, "event") {
            event = value.isEmpty ? nil : String(decoding: value, as: UTF8.self)
        } else if isField(name, "id") {
            if !value.contains(0) { lastID = String(decoding: value, as: UTF8.self) }
        }
    }

    @inline(__always)
    private func isField(_ name: UnsafeBufferPointer<UInt8>, _ field: StaticString) -> Bool {
        guard name.count == field.utf8CodeUnitCount else { return false }
        return name.indices.allSatisfy { name[$0] == field.utf8Start[$0] }
    }
}

/// Splits bytes into lines that end with LF, CR or CRLF.
struct SSELines {
    private let buffer: UnsafeBufferPointer<UInt8>
    private(set) var position = 0
    /// Whether the last line ended with a CR at the very end of the bytes. Its LF may come with the next ones.
    private(set) var endsInsideLineBreak = false

    init(_ buffer: UnsafeBufferPointer<UInt8>) {
        self.buffer = buffer
    }

    /// The bytes after the last line break.
    var rest: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(rebasing: buffer[position...]) }

    /// Skips a LF that belongs to a CR of earlier bytes.
    mutating func skipLineFeed() {
        if buffer.first == ASCII.lineFeed { position = 1 }
    }

    /// The next complete line, without its line break.
    @inline(__always)
    mutating func next() -> UnsafeBufferPointer<UInt8>? {
        guard let base = buffer.baseAddress else { return nil }
        let end = buffer.count
        var index = position
        while index &+ ByteWord.count <= end {
            let word = ByteWord(base, at: index)
            let mask = word.equal(to: ASCII.lineFeed) | word.equal(to: ASCII.carriageReturn)
            if mask != 0 {
                index &+= ByteWord.firstIndex(of: mask)
                break
            }
            index &+= ByteWord.count
        }
        while index < end, base[index] != ASCII.lineFeed, base[index] != ASCII.carriageReturn { index &+= 1 }
        guard index < end else { return nil }
        let line = UnsafeBufferPointer(start: base + position, count: index &- position)
        position = index &+ 1
        if base[index] == ASCII.carriageReturn {
            if position == end {
                endsInsideLineBreak = true
            } else if base[position] == ASCII.lineFeed {
                position &+= 1
            }
        }
        return line
    }
}
