/// Converts between text and the escaped bytes inside the quotes of a JSON string.
enum JSONEscape {
    /// Appends `text` to `bytes`, escaped. The caller writes the quotes.
    static func append(_ text: String, to bytes: inout [UInt8]) {
        text.withBytes { append($0, to: &bytes) }
    }

    private static func append(_ buffer: UnsafeBufferPointer<UInt8>, to bytes: inout [UInt8]) {
        guard let base = buffer.baseAddress else { return }
        let end = buffer.count
        var copied = 0
        var position = 0
        while position < end {
            if position &+ ByteWord.count <= end {
                let word = ByteWord(base, at: position)
                let mask = word.below(0x20) | word.equal(to: ASCII.quote) | word.equal(to: ASCII.backslash)
                guard mask != 0 else {
                    position &+= ByteWord.count
                    continue
                }
                position &+= ByteWord.firstIndex(of: mask)
            }
            let byte = base[position]
            if byte < 0x20 || byte == ASCII.quote || byte == ASCII.backslash {
                bytes.append(contentsOf: UnsafeBufferPointer(rebasing: buffer[copied..<position]))
                appendEscape(byte, to: &bytes)
                copied = position &+ 1
            }
            position &+= 1
        }
        bytes.append(contentsOf: UnsafeBufferPointer(rebasing: buffer[copied..<end]))
    }

    private static func appendEscape(_ byte: UInt8, to bytes: inout [UInt8]) {
        bytes.append(ASCII.backslash)
        switch byte {
        case ASCII.quote, ASCII.backslash: bytes.append(byte)
        case ASCII.lineFeed: bytes.append(UInt8(ascii: "n"))
        case ASCII.carriageReturn: bytes.append(UInt8(ascii: "r"))
        case ASCII.tab: bytes.append(UInt8(ascii: "t"))
        case 0x08: bytes.append(UInt8(ascii: "b"))
        case 0x0C: bytes.append(UInt8(ascii: "f"))
        default:
            let digits: StaticString = "0123456789abcdef"
            bytes.append(contentsOf: [UInt8(ascii: "u"), ASCII.zero, ASCII.zero])
            bytes.append(digits.utf8Start[Int(byte >> 4)])
            bytes.append(digits.utf8Start[Int(byte & 0x0F)])
        }
    }

    /// Decodes the validated bytes between two quotes.
    static func decode(_ content: UnsafeBufferPointer<UInt8>) -> String {
        guard let base = content.baseAddress, let first = firstBackslash(base, from: 0, to: content.count) else {
            return String(decoding: content, as: UTF8.self)
        }
        // No escape sequence is shorter than what it stands for.
        return String(unsafeUninitializedCapacity: content.count) { target in
            guard let targetBase = target.baseAddress else { return 0 }
            return resolve(base, count: content.count, firstBackslash: first, into: targetBase)
        }
    }

    /// Whether validated bytes between two quotes decode to a text (given in UTF-8), scalar by scalar.
    @inline(__always)
    static func isEqual(
        _ content: UnsafeBufferPointer<UInt8>, isEscaped: Bool, to text: UnsafeBufferPointer<UInt8>
    ) -> Bool {
        isEscaped ? isEqualResolved(content, to: text) : isEqual(content, to: text)
    }

    @inline(__always)
    private static func isEqual(_ left: UnsafeBufferPointer<UInt8>, to right: UnsafeBufferPointer<UInt8>) -> Bool {
        guard left.count == right.count else { return false }
        for index in 0..<left.count where left[index] != right[index] { return false }
        return true
    }

    private static func isEqualResolved(
        _ content: UnsafeBufferPointer<UInt8>, to expected: UnsafeBufferPointer<UInt8>
    ) -> Bool {
        guard let base = content.baseAddress, let first = firstBackslash(base, from: 0, to: content.count) else {
            return isEqual(content, to: expected)
        }
        guard expected.count <= content.count else { return false }
        return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: content.count) { target in
            guard let targetBase = target.baseAddress else { return false }
            let count = resolve(base, count: content.count, firstBackslash: first, into: targetBase)
            return isEqual(UnsafeBufferPointer(start: targetBase, count: count), to: expected)
        }
    }

    @inline(__always)
    private static func firstBackslash(_ base: UnsafePointer<UInt8>, from start: Int, to end: Int) -> Int? {
        var position = start
        while position &+ ByteWord.count <= end {
            let mask = ByteWord(base, at: position).equal(to: ASCII.backslash)
            if mask != 0 { return position &+ ByteWord.firstIndex(of: mask) }
            position &+= ByteWord.count
        }
        while position < end {
            if base[position] == ASCII.backslash { return position }
            position &+= 1
        }
        return nil
    }

    /// Writes the decoded text to `target` and returns its length.
    private static func resolve(
        _ base: UnsafePointer<UInt8>, count: Int, firstBackslash: Int, into target: UnsafeMutablePointer<UInt8>
    ) -> Int {
        var copied = 0
        var written = 0
        var next: Int? = firstBackslash
        while let backslash = next {
            (target + written).update(from: base + copied, count: backslash &- copied)
            written &+= backslash &- copied
            copied = backslash &+ 2
            switch base[backslash &+ 1] {
            case UInt8(ascii: "u"):
                let (scalar, length) = scalar(of: base + backslash)
                copied = backslash &+ length
                written &+= encode(scalar, into: target + written)
            case UInt8(ascii: "n"): written &+= put(ASCII.lineFeed, target + written)
            case UInt8(ascii: "r"): written &+= put(ASCII.carriageReturn, target + written)
            case UInt8(ascii: "t"): written &+= put(ASCII.tab, target + written)
            case UInt8(ascii: "b"): written &+= put(0x08, target + written)
            case UInt8(ascii: "f"): written &+= put(0x0C, target + written)
            case let byte: written &+= put(byte, target + written)
            }
            next = Self.firstBackslash(base, from: copied, to: count)
        }
        (target + written).update(from: base + copied, count: count &- copied)
        return written &+ count &- copied
    }

    /// The scalar of a validated `\u` escape (a surrogate pair is one) and the length of the escape.
    private static func scalar(of escape: UnsafePointer<UInt8>) -> (scalar: UInt32, length: Int) {
        func unit(_ digits: UnsafePointer<UInt8>) -> UInt32 {
            (0..<4).reduce(0) { $0 << 4 | (ASCII.hexValue(digits[$1]) ?? 0) }
        }
        let first = unit(escape + 2)
        guard first & 0xFC00 == 0xD800 else { return (first, 6) }
        return (0x10000 + (first & 0x3FF) << 10 + unit(escape + 8) & 0x3FF, 12)
    }

    private static func put(_ byte: UInt8, _ target: UnsafeMutablePointer<UInt8>) -> Int {
        target.pointee = byte
        return 1
    }

    private static func encode(_ scalar: UInt32, into target: UnsafeMutablePointer<UInt8>) -> Int {
        guard let scalar = Unicode.Scalar(scalar), let encoded = UTF8.encode(scalar) else { return 0 }
        var count = 0
        for byte in encoded {
            target[count] = byte
            count &+= 1
        }
        return count
    }
}
