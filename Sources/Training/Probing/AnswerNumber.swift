import Estimation

/// Finds the final number of an answer.
package enum AnswerNumber {
    /// The number of a marked final answer (behind its last equals sign, else its first number), else the last number.
    /// - Parameter readsFractions: whether `50/9` is one number.
    package static func find(in answer: String, readsFractions: Bool = false) -> Double? {
        let (part, isMarked) = FinalAnswer.markedPart(of: answer)
        guard isMarked else { return numbers(in: answer, readsFractions).last }
        let result = part.split(separator: "=").last.map(String.init) ?? part
        return numbers(in: result, readsFractions).first ?? numbers(in: answer, readsFractions).last
    }

    /// All numbers of a text in order: signs (not those of a difference), commas between thousands, decimals.
    static func numbers(in text: String, _ readsFractions: Bool) -> [Double] {
        let bytes = Array(text.utf8)
        func isDigit(_ index: Int) -> Bool {
            bytes.indices.contains(index) && bytes[index] >= 0x30 && bytes[index] <= 0x39
        }
        var found: [Double] = []
        var index = 0
        while index < bytes.count {
            guard isDigit(index) else {
                index += 1
                continue
            }
            // Digits inside a word (x2, H2O) are not a number.
            if index > 0, ByteKind.of(bytes[index - 1]) == .letter {
                while index < bytes.count, ByteKind.of(bytes[index]) == .letter { index += 1 }
                continue
            }
            var digits = ""
            if index > 0, bytes[index - 1] == UInt8(ascii: "-"), !followsValue(bytes, index - 2) { digits = "-" }
            index = readDigits(bytes, index, into: &digits, isDigit)
            guard var value = Double(digits) else { continue }
            if readsFractions, index < bytes.count, bytes[index] == UInt8(ascii: "/"), isDigit(index + 1) {
                var below = ""
                index = readDigits(bytes, index + 1, into: &below, isDigit)
                if let divisor = Double(below), divisor != 0 { value /= divisor }
            }
            found.append(value)
        }
        return found
    }

    private static func readDigits(
        _ bytes: [UInt8], _ start: Int, into digits: inout String, _ isDigit: (Int) -> Bool
    ) -> Int {
        var index = start
        var hasPoint = false
        while index < bytes.count {
            if isDigit(index) {
                digits.append(Character(Unicode.Scalar(bytes[index])))
            } else if bytes[index] == UInt8(ascii: "."), !hasPoint, isDigit(index + 1) {
                digits.append(".")
                hasPoint = true
            } else if bytes[index] == UInt8(ascii: ","), !hasPoint, (1...3).allSatisfy({ isDigit(index + $0) }),
                !isDigit(index + 4)
            {
                // the comma of 1,000
            } else {
                break
            }
            index += 1
        }
        return index
    }

    /// Whether a minus at this position belongs to a difference: `10-3`; `x - 3` is decided by the blank.
    private static func followsValue(_ bytes: [UInt8], _ index: Int) -> Bool {
        guard index >= 0 else { return false }
        return ByteKind.of(bytes[index]) == .letter || bytes[index] == UInt8(ascii: ")")
    }
}
