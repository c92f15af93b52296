/// Strings, numbers and literals.
extension JSONValidator {
    /// A string, number or literal whose first byte is `byte`; false after a failure.
    @inline(__always)
    mutating func scanScalar(_ byte: UInt8) -> Bool {
        switch byte {
        case ASCII.quote: return scanString()
        case ASCII.minus, ASCII.zero...ASCII.nine: return scanNumber()
        case UInt8(ascii: "t"): return scanLiteral("true")
        case UInt8(ascii: "f"): return scanLiteral("false")
        case UInt8(ascii: "n"): return scanLiteral("null")
        default:
            fail(.expectedValue)
            return false
        }
    }

    private mutating func scanLiteral(_ literal: StaticString) -> Bool {
        let start = position
        for index in 0..<literal.utf8CodeUnitCount {
            guard start &+ index < end, base[start &+ index] == literal.utf8Start[index] else {
                fail(.expectedValue, at: start &+ index < end ? start : end)
                return false
            }
        }
        position &+= literal.utf8CodeUnitCount
        return true
    }

    private mutating func scanNumber() -> Bool {
        let start = position
        if base[position] == ASCII.minus { position &+= 1 }
        if position < end, base[position] == ASCII.zero {
            position &+= 1
            if position < end, ASCII.isDigit(base[position]) {
                fail(.invalidNumber, at: start)
                return false
            }
        } else if !scanDigits() {
            return false
        }
        if position < end, base[position] == ASCII.dot {
            position &+= 1
            guard scanDigits() else { return false }
        }
        if position < end, base[position] | 0x20 == UInt8(ascii: "e") {
            position &+= 1
            if position < end, base[position] == ASCII.plus || base[position] == ASCII.minus { position &+= 1 }
            guard scanDigits() else { return false }
        }
        return true
    }

    /// One digit or more.
    private mutating func scanDigits() -> Bool {
        guard position < end, ASCII.isDigit(base[position]) else {
            fail(.invalidNumber)
            return false
        }
        repeat { position &+= 1 } while position < end && ASCII.isDigit(base[position])
        return true
    }

    /// Scans a string from its opening quote past its closing one.
    mutating func scanString() -> Bool {
        position &+= 1
        while true {
            // Two words at a time, as long as both are plain.
            while position &+ 2 &* ByteWord.count <= end {
                let first = ByteWord(base, at: position).endOfPlainText
                let second = ByteWord(base, at: position &+ ByteWord.count).endOfPlainText
                if first | second != 0 { break }
                position &+= 2 &* ByteWord.count
            }
            while position &+ ByteWord.count <= end {
                let mask = ByteWord(base, at: position).endOfPlainText
                if mask != 0 {
                    position &+= ByteWord.firstIndex(of: mask)
                    break
                }
                position &+= ByteWord.count
            }
            guard position < end else {
                fail(.truncated)
                return false
            }
            let byte = base[position]
            if byte == ASCII.quote {
                position &+= 1
                return true
            } else if byte == ASCII.backslash {
                guard scanEscape() else { return false }
            } else if byte < 0x20 {
                fail(.controlCharacter)
                return false
            } else if byte < 0x80 {
                position &+= 1
            } else {
                guard scanNonASCII() else { return false }
            }
        }
    }

    /// A run of multi-byte UTF-8 sequences (The Unicode Standard, table 3-7: no overlong forms, no surrogates).
    private mutating func scanNonASCII() -> Bool {
        repeat {
            let length = UTF8Sequence.length(base + position, available: end &- position)
            guard length > 0 else {
                let cutOff = UTF8Sequence.isPrefix(base + position, count: end &- position)
                fail(.invalidUTF8, at: cutOff ? end : position)
                return false
            }
            position &+= length
        } while position < end && base[position] >= 0x80
        return true
    }

    /// Scans an escape sequence from its backslash. A surrogate pair is one sequence.
    private mutating func scanEscape() -> Bool {
        let start = position
        metEscape = true
        guard position &+ 1 < end else {
            fail(.truncated, at: end)
            return false
        }
        switch base[position &+ 1] {
        case ASCII.quote, ASCII.backslash, ASCII.slash, UInt8(ascii: "b"), UInt8(ascii: "f"), UInt8(ascii: "n"),
            UInt8(ascii: "r"), UInt8(ascii: "t"):
            position &+= 2
            return true
        case UInt8(ascii: "u"):
            position &+= 2
            guard let unit = scanHexUnit(escape: start) else { return false }
            guard unit & 0xF800 == 0xD800 else { return true }
            let isFollowed =
                (position >= end || base[position] == ASCII.backslash)
                && (position &+ 1 >= end || base[position &+ 1] == UInt8(ascii: "u"))
            guard unit < 0xDC00, isFollowed else {
                fail(.loneSurrogate, at: start)
                return false
            }
            position &+= 2
            guard let second = scanHexUnit(escape: position &- 2) else { return false }
            guard second & 0xFC00 == 0xDC00 else {
                fail(.loneSurrogate, at: start)
                return false
            }
            return true
        default:
            fail(.invalidEscape)
            return false
        }
    }

    /// The four hexadecimal digits of a `\u` escape.
    private mutating func scanHexUnit(escape start: Int) -> UInt32? {
        var unit: UInt32 = 0
        for index in position..<position &+ 4 {
            guard index < end, let digit = ASCII.hexValue(base[index]) else {
                fail(.invalidEscape, at: index < end ? start : end)
                return nil
            }
            unit = unit << 4 | digit
        }
        position &+= 4
        return unit
    }
}
