import Foundation

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
