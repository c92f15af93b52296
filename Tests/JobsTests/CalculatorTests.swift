import Calls
import Dialects
import Jobs
import Testing
import Upstream

@Suite("Calculator")
struct CalculatorTests {
    @Test(
        "expressions in the spelling of models evaluate correctly",
        arguments: [
            ("(48*17)+12", "828"), ("240 * 0.15", "36"), ("1024 / 16", "64"), ("2^10", "1024"), ("2**10", "1024"),
            ("40 * (1 - 0.25)", "30"), ("249 + 12 * 17.50", "459"), ("-3^2", "-9"), ("2^-1", "0.5"), ("2^3^2", "512"),
            ("10 % 4", "2"), ("--5", "5"), ("1,234,567 + 1", "1234568"), ("max(1, 2, 3) * min(4, 5)", "12"),
            ("sqrt(16) + abs(-2)", "6"), ("1e3 + 2.5e-1", "1000.25"), ("7/3", "2.33333333333"), ("0.1 + 0.2", "0.3"),
            ("3 × 4 ÷ 2 − 1", "5"), ("$5 + $6", "11"), ("2*pi", "6.28318530718"),
        ])
    func values(expression: String, text: String) throws {
        #expect(Calculator.text(try Calculator.evaluate(expression)) == text)
    }

    @Test(
        "an invalid expression reports the reason",
        arguments: [
            ("1/0", "division by zero"), ("1 +", "the expression ends too early"), ("2 apples", "unexpected 'a'"),
            ("(1", "the expression ends too early"), ("foo(1)", "no function foo"),
            ("", "the expression ends too early"),
            ("9^9^9", "not a finite number"), ("1..2", "unexpected"),
        ])
    func failures(expression: String, reason: String) {
        let failure = #expect(throws: Calculator.Failure.self) { try Calculator.evaluate(expression) }
        #expect((failure?.description ?? "").contains(reason))
    }

    @Test("deep nesting and long text fail with an error")
    func bombs() {
        #expect(throws: Calculator.Failure.self) { try Calculator.evaluate(String(repeating: "(", count: 900)) }
        #expect(throws: Calculator.Failure.self) { try Calculator.evaluate(String(repeating: "2^", count: 400) + "2") }
        #expect(throws: Calculator.Failure.self) { try Calculator.evaluate(String(repeating: "1+", count: 600) + "1") }
    }
}

@Suite("Tool calls in text")
struct WrittenToolCallTests {
    @Test("a fenced call of an offered tool is recovered")
    func fenced() throws {
        let text = "```json\n{\n  \"name\": \"calculator\",\n  \"arguments\": {\"expression\": \"48*17+12\"}\n}\n```"
        let calls = WrittenToolCall.calls(in: text, offered: ["calculator"], idPrefix: "s_")
        #expect(calls.map(\.name) == ["calculator"])
        #expect(calls.first?.arguments == #"{"expression": "48*17+12"}"#)
        #expect(calls.first?.id == "s_0")
    }

    @Test("several calls, arguments as a string, and braces in strings are read")
    func several() {
        let text =
            #"<tool_call>{"name": "f", "arguments": "{\"a\": \"}{\"}"}</tool_call> then {"function": {"name": "g", "parameters": {}}}"#
        let calls = WrittenToolCall.calls(in: text, offered: ["f", "g"], idPrefix: "")
        #expect(calls.map(\.name) == ["f", "g"])
        #expect(calls.first?.arguments == #"{"a": "}{"}"#)
    }

    @Test(
        "text without a tool call stays an answer",
        arguments: [
            #"{"name": "other", "arguments": {}}"#, #"{"name": "calculator"}"#, "The set {1, 2}", "{ broken",
            "no braces",
        ])
    func answers(text: String) {
        #expect(WrittenToolCall.calls(in: text, offered: ["calculator"], idPrefix: "").isEmpty)
    }
}
