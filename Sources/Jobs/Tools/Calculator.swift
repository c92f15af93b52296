import Domain
import Foundation
import JSON

/// The built-in tool: evaluates an arithmetic expression.
///
/// Numbers, `+ - * / % ^` (also `**`), parentheses, unary signs, thousands separators, and the functions sqrt, abs,
/// round, floor, ceil, min, max. Precedence as in mathematics: `^` binds to the right and before a sign.
package enum Calculator {
    /// Why an expression has no value.
    package struct Failure: Error, Equatable, CustomStringConvertible {
        package let description: String
    }

    /// The tool's definition in OpenAI's format.
    package static let schema = #"""
        {"type":"function","function":{"name":"calculator","description":"Evaluates an arithmetic expression and returns the number.","parameters":{"type":"object","properties":{"expression":{"type":"string","description":"the whole expression with its parentheses, for example (4+5)*3"}},"required":["expression"]}}}
        """#

    /// Evaluates an expression of at most 1,000 characters.
    package static func evaluate(_ expression: String) throws(Failure) -> Double {
        guard expression.utf8.count <= 1000 else {
            throw Failure(description: "the expression is longer than 1000 characters")
        }
        var parser = ExpressionParser(expression)
        let value = try parser.sum(depth: 0)
        guard parser.isAtEnd else { throw parser.unexpected() }
        guard value.isFinite else { throw Failure(description: "the result is not a finite number") }
        return value
    }

    /// The value as text: integers without a point, others with up to 12 significant digits.
    package static func text(_ value: Double) -> String {
        if value == value.rounded(), abs(value) < 1e15 { return String(Int64(value)) }
        return String(format: "%.12g", value)
    }
}

/// Runs built-in tools on the model's arguments.
enum BuiltInTools {
    /// The value, or an error that the model can act on.
    static func calculator(_ arguments: String) -> String {
        guard let root = try? JSONDocument(Array(arguments.utf8)).root, let value = root["expression"],
            let expression = value.string ?? value.numberText
        else { return #"error: send {"expression": "17 * 4"}"# }
        do {
            return Calculator.text(try Calculator.evaluate(expression))
        } catch {
            return "error: \(error)"
        }
    }
}

/// Recursive descent parser of arithmetic expressions.
struct ExpressionParser {
    private let characters: [Character]
    private var index = 0
    private static let deepest = 64

    init(_ text: String) {
        characters = Array(text.replacing("**", with: "^").filter { !$0.isWhitespace && $0 != "$" && $0 != "=" })
    }

    var isAtEnd: Bool { index == characters.count }

    private var next: Character? { isAtEnd ? nil : characters[index] }

    func unexpected() -> Calculator.Failure {
        Calculator.Failure(
            description: next.map { "unexpected '\($0)' at character \(index + 1)" } ?? "the expression ends too early")
    }

    private mutating func consume(_ options: String) -> Character? {
        guard let next, options.contains(next) else { return nil }
        index += 1
        return next
    }

    mutating func sum(depth: Int) throws(Calculator.Failure) -> Double {
        guard depth < Self.deepest else { throw Calculator.Failure(description: "too many nested parentheses") }
        var value = try product(depth: depth)
        while let sign = consume("+-−") {
            let right = try product(depth: depth)
            value = sign == "+" ? value + right : value - right
        }
        return value
    }

    private mutating func product(depth: Int) throws(Calculator.Failure) -> Double {
        var value = try signed(depth: depth)
        while let sign = consume("*/%×÷") {
            let right = try signed(depth: depth)
            if "/%÷".contains(sign), right == 0 { throw Calculator.Failure(description: "division by zero") }
            switch sign {
            case "*", "×": value *= right
            case "%": value = value.truncatingRemainder(dividingBy: right)
            default: value /= right
            }
        }
        return value
    }

    private mutating func signed(depth: Int) throws(Calculator.Failure) -> Double {
        var negative = false
        while let sign = consume("+-−") { if sign != "+" { negative.toggle() } }
        let value = try power(depth: depth)
        return negative ? -value : value
    }

    private mutating func power(depth: Int) throws(Calculator.Failure) -> Double {
        let base = try atom(depth: depth)
        guard consume("^") != nil else { return base }
        guard depth < Self.deepest else { throw Calculator.Failure(description: "too many nested powers") }
        let exponent = try signedPower(depth: depth + 1)
        return pow(base, exponent)
    }

    private mutating func signedPower(depth: Int) throws(Calculator.Failure) -> Double {
        let negative = consume("-−") != nil
        let value = try power(depth: depth)
        return negative ? -value : value
    }

    private mutating func atom(depth: Int) throws(Calculator.Failure) -> Double {
        if consume("(") != nil {
            let value = try sum(depth: depth + 1)
            guard consume(")") != nil else { throw unexpected() }
            return value
        }
        if let next, next.isLetter { return try function(depth: depth) }
        return try number()
    }

    private mutating func function(depth: Int) throws(Calculator.Failure) -> Double {
        var name = ""
        while let next, next.isLetter {
            name.append(next)
            index += 1
        }
        if name.lowercased() == "pi" { return .pi }
        guard consume("(") != nil else { throw unexpected() }
        var arguments = [try sum(depth: depth + 1)]
        while consume(",") != nil { arguments.append(try sum(depth: depth + 1)) }
        guard consume(")") != nil else { throw unexpected() }
        switch (name.lowercased(), arguments.count) {
        case ("sqrt", 1): return arguments[0].squareRoot()
        case ("abs", 1): return abs(arguments[0])
        case ("round", 1): return arguments[0].rounded()
        case ("floor", 1): return arguments[0].rounded(.down)
        case ("ceil", 1): return arguments[0].rounded(.up)
        case ("min", 1...): return arguments.min() ?? 0
        case ("max", 1...): return arguments.max() ?? 0
        default:
            throw Calculator.Failure(
                description: "no function \(name) of \(arguments.count) numbers; there are sqrt, abs, round, floor, "
                    + "ceil, min, max")
        }
    }

    /// Parses digits with optional fraction and exponent; skips commas between groups of three digits.
    private mutating func number() throws(Calculator.Failure) -> Double {
        var digits = ""
        while let next {
            if next.isASCII, next.isNumber || next == "." {
                digits.append(next)
            } else if next == ",", isThousandsSeparator {
                // Skips the separator.
            } else if next == "e" || next == "E", !digits.isEmpty, isExponent {
                digits.append("e")
                index += 1
                if let sign = self.next, "+-".contains(sign) { digits.append(sign) } else { index -= 1 }
            } else {
                break
            }
            index += 1
        }
        guard let value = Double(digits) else { throw unexpected() }
        return value
    }

    private var isThousandsSeparator: Bool {
        let group = characters[(index + 1)...].prefix { $0.isASCII && $0.isNumber }
        return group.count == 3 && index > 0 && characters[index - 1].isNumber
    }

    private var isExponent: Bool {
        let rest = characters[(index + 1)...]
        guard let first = rest.first else { return false }
        return first.isNumber || ("+-".contains(first) && rest.dropFirst().first?.isNumber == true)
    }
}
