/// A decimal number as written, exactly: digits times a power of ten.
struct DecimalText {
    private let text: String
    private var negative = false
    private var digits: [UInt8] = []
    /// Value = digits as an integer * 10^exponent.
    private var exponent = 0

    init(_ text: String) throws(MoneyError) {
        self.text = text
        var bytes = Array(text.utf8)[...]
        if let sign = bytes.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") {
            negative = sign == UInt8(ascii: "-")
            bytes.removeFirst()
        }
        var seenPoint = false
        var digitCount = 0
        while let byte = bytes.first, byte == UInt8(ascii: ".") || (48...57).contains(byte) {
            bytes.removeFirst()
            if byte == UInt8(ascii: ".") {
                guard !seenPoint else { throw .malformed(text) }
                seenPoint = true
                continue
            }
            digitCount += 1
            if seenPoint { exponent -= 1 }
            if byte != 48 || !digits.isEmpty { digits.append(byte - 48) }
        }
        guard digitCount > 0, digitCount <= 60 else { throw .malformed(text) }
        if let mark = bytes.first {
            guard mark | 0x20 == UInt8(ascii: "e"), let power = Int(String(decoding: bytes.dropFirst(), as: UTF8.self)),
                abs(power) <= 60
            else { throw .malformed(text) }
            exponent += power
        }
        while digits.last == 0 {
            digits.removeLast()
            exponent += 1
        }
    }

    /// The number times 10^power as an integer. Throws if that is not a whole number or does not fit.
    func scaled(byPowerOfTen power: Int) throws(MoneyError) -> Int64 {
        guard !digits.isEmpty else { return 0 }
        let zeros = exponent + power
        guard zeros >= 0 else { throw .tooPrecise(text) }
        guard digits.count + zeros <= 19 else { throw .overflow }
        var value: Int64 = 0
        for digit in digits + [UInt8](repeating: 0, count: zeros) {
            let (shifted, overflow) = value.multipliedReportingOverflow(by: 10)
            let (next, carried) = shifted.subtractingReportingOverflow(Int64(digit))
            guard !overflow, !carried else { throw .overflow }
            value = next
        }
        // Negative accumulation, because the negative range is larger by one.
        if negative { return value }
        guard value != .min else { throw .overflow }
        return -value
    }

    /// An integer divided by 10^decimals, exactly, without trailing zeros.
    static func text(_ value: Int64, decimals: Int) -> String {
        var rest = value.magnitude
        // From the end, at most 20 digits or all decimals, the point and the sign.
        return String(unsafeUninitializedCapacity: max(20, decimals + 1) + 2) { buffer in
            var place = buffer.count
            var written = 0
            var isCutting = true
            while rest > 0 || written <= decimals {
                let digit = UInt8(rest % 10)
                rest /= 10
                if written >= decimals { isCutting = false }
                if written == decimals, place < buffer.count {
                    place -= 1
                    buffer[place] = UInt8(ascii: ".")
                }
                written += 1
                if isCutting, digit == 0 { continue }
                isCutting = false
                place -= 1
                buffer[place] = UInt8(ascii: "0") + digit
            }
            if value < 0 {
                place -= 1
                buffer[place] = UInt8(ascii: "-")
            }
            let count = buffer.count - place
            for index in 0..<count { buffer[index] = buffer[place + index] }
            return count
        }
    }
}
