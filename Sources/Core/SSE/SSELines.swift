/// Splits bytes into lines that end with LF, CR or CRLF.
struct SSELines {
    private let buffer: UnsafeBufferPointer<UInt8>
    private(set) var position = 0
    /// Whether the last line ended with a CR at the very end of the bytes, whose LF may come with the next ones.
    private(set) var endsInsideLineBreak = false

    init(_ buffer: UnsafeBufferPointer<UInt8>) {
        self.buffer = buffer
    }

    /// The bytes behind the last line break.
    var rest: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(rebasing: buffer[position...]) }

    /// Passes over a LF that belongs to a CR of earlier bytes.
    mutating func skipLineFeed() {
        if buffer.first == ASCII.lineFeed { position = 1 }
    }

    /// The next line that has an end, without it.
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
