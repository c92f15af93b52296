/// Takes the lines out of bytes that come in pieces, with bounded memory. Empty lines are counted and left out.
package struct JSONLines {
    /// A line without its end.
    package enum Line: Hashable {
        case complete(number: Int, bytes: [UInt8])
        /// Longer than the limit; its bytes are gone.
        case tooLong(number: Int)
    }

    private let maximumBytes: Int
    private var rest: [UInt8] = []
    private var number = 1
    private var isSkipping = false

    /// - Parameter maximumBytes: of one line.
    package init(maximumBytes: Int) {
        self.maximumBytes = maximumBytes
    }

    /// The lines that end in these bytes.
    package mutating func feed(_ bytes: [UInt8]) -> [Line] {
        var lines: [Line] = []
        var start = bytes.startIndex
        while let end = bytes[start...].firstIndex(of: 0x0A) {
            take(bytes[start..<end])
            endLine(into: &lines)
            start = end + 1
        }
        take(bytes[start...])
        return lines
    }

    /// The last line, where it has no end of its own; to be called where the bytes are complete.
    package mutating func finish() -> [Line] {
        var lines: [Line] = []
        endLine(into: &lines)
        return lines
    }

    private mutating func take(_ bytes: ArraySlice<UInt8>) {
        guard !isSkipping else { return }
        if rest.count + bytes.count > maximumBytes {
            isSkipping = true
            rest = []
        } else {
            rest += bytes
        }
    }

    private mutating func endLine(into lines: inout [Line]) {
        if isSkipping {
            lines.append(.tooLong(number: number))
        } else if rest.contains(where: { $0 > 0x20 }) {
            lines.append(.complete(number: number, bytes: rest))
        }
        rest = []
        isSkipping = false
        number += 1
    }
}
