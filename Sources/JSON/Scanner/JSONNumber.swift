/// Converts between the text of JSON numbers and values.
enum JSONNumber {
    /// The integer that a validated number text denotes, nil if it is not whole or does not fit.
    static func integer(_ text: UnsafeBufferPointer<UInt8>) -> Int64? {
        let isNegative = text.first == ASCII.minus
        // Digits accumulate into a value times a power of ten. Trailing zeros count only once another digit follows.
        var magnitude: UInt64 = 0
        var waitingZeros = 0
        var fractionDigits = 0
        var exponent = 0
        var index = isNegative ? 1 : 0
        var inFraction = false
        while index < text.count {
            let byte = text[index]
            index += 1
            if byte == ASCII.dot {
                inFraction = true
                continue
            }
            guard ASCII.isDigit(byte) else {
                exponent = Self.exponent(text[index...])
                break
            }
            if inFraction { fractionDigits += 1 }
            if byte == ASCII.zero {
                if magnitude != 0 { waitingZeros += 1 }
                continue
            }
            guard let scaled = multiply(magnitude, byPowerOfTen: waitingZeros + 1) else { return nil }
            let (sum, overflow) = scaled.addingReportingOverflow(UInt64(byte &- ASCII.zero))
            guard !overflow else { return nil }
            magnitude = sum
            waitingZeros = 0
        }
        if magnitude == 0 { return 0 }
        let power = waitingZeros + exponent - fractionDigits
        guard power >= 0, let value = multiply(magnitude, byPowerOfTen: power) else { return nil }
        if isNegative { return value <= UInt64(Int64.max) + 1 ? Int64(truncatingIfNeeded: 0 &- value) : nil }
        return Int64(exactly: value)
    }

    /// The exponent after the "e", clamped to ±2^40. No text in memory has enough digits to compensate for that.
    private static func exponent(_ text: Slice<UnsafeBufferPointer<UInt8>>) -> Int {
        var exponent = 0
        for byte in text where ASCII.isDigit(byte) {
            exponent = min(exponent * 10 + Int(byte &- ASCII.zero), 1 << 40)
        }
        return text.first == ASCII.minus ? -exponent : exponent
    }

    private static func multiply(_ value: UInt64, byPowerOfTen power: Int) -> UInt64? {
        if value == 0 { return 0 }
        guard power < 20 else { return nil }
        var value = value
        for _ in 0..<power {
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            guard !overflow else { return nil }
            value = product
        }
        return value
    }

    /// Appends the decimal digits of an integer.
    static func append(_ value: Int64, to bytes: inout [UInt8]) {
        if value < 0 { bytes.append(ASCII.minus) }
        var rest = value.magnitude
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { digits in
            var start = digits.count
            repeat {
                start -= 1
                digits[start] = ASCII.zero + UInt8(truncatingIfNeeded: rest % 10)
                rest /= 10
            } while rest > 0
            bytes.append(contentsOf: UnsafeBufferPointer(rebasing: digits[start...]))
        }
    }

    /// Appends the shortest text that parses to the same double; `null` if JSON has no number for it.
    static func append(_ value: Double, to bytes: inout [UInt8]) {
        if appendShort(value, to: &bytes) { return }
        bytes.append(contentsOf: value.isFinite ? value.description.utf8 : "null".utf8)
    }

    /// Appends a positive value of at most three decimals below 10^9 in the words of `description`, ten times as fast;
    /// false for others.
    ///
    /// A decimal of up to 15 digits that is the nearest double's text is its shortest one: no two such decimals have one
    /// double. A whole number divided by a power of ten up to 10^22 is that nearest double.
    private static func appendShort(_ value: Double, to bytes: inout [UInt8]) -> Bool {
        guard value.sign == .plus, value < 1e9, value >= 0.001 || value == 0 else { return false }
        var unit = 1.0
        for decimals in 0...3 {
            let scaled = (value * unit).rounded()
            if scaled / unit == value {
                let whole = Int64(scaled)
                guard decimals > 0 else {
                    append(whole, to: &bytes)
                    bytes.append(ASCII.dot)
                    bytes.append(ASCII.zero)
                    return true
                }
                let part = Int64(unit)
                append(whole / part, to: &bytes)
                bytes.append(ASCII.dot)
                var rest = whole % part
                var place = part / 10
                while place > 0 {
                    bytes.append(ASCII.zero + UInt8(truncatingIfNeeded: rest / place))
                    rest %= place
                    place /= 10
                }
                return true
            }
            unit *= 10
        }
        return false
    }
}
