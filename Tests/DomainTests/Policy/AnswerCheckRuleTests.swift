import Domain
import JSON
import Testing

@Suite("Checks that a policy names")
struct AnswerCheckRuleTests {
    private func policy(_ checks: String, isOperators: Bool = true, base: Policy = Policy()) throws -> Policy {
        try Policy(
            json: JSONDocument(Array(#"{"checks": \#(checks)}"#.utf8)).root, base: base, isOperators: isOperators)
    }

    @Test("every kind is read and written back")
    func kinds() throws {
        let text = #"""
            [{"type": "json_schema", "schema": {"type": "object"}},
             {"type": "regex", "pattern": "^\\d+$", "name": "number"},
             {"type": "command", "argv": ["/usr/bin/test", "-s"], "timeout_s": 2, "effect": "evidence", "caught": 0.9},
             {"type": "http", "url": "https://127.0.0.1/check", "key_env": "CHECK_KEY", "output_bytes": 100}]
            """#
        let read = try policy(text)
        #expect(read.checks.map(\.name) == ["json_schema", "number", "command", "http"])
        #expect(read.checks[2].effect == .evidence(caught: 0.9, falseAlarms: 0.1))
        var writer = JSONWriter()
        writer.object { read.write(into: &$0) }
        #expect(try Policy(json: JSONDocument(writer.bytes).root, isOperators: true) == read)
    }

    @Test("a caller adds checks to the operator's, and may name no command and no server")
    func callers() throws {
        let operators = try policy(#"[{"type": "command", "argv": ["/bin/true"]}]"#)
        let both = try policy(#"[{"type": "regex", "pattern": "yes"}]"#, isOperators: false, base: operators)
        #expect(both.checks.count == 2)
        let many = "[" + (0..<16).map { #"{"type": "regex", "pattern": "\#($0)"}"# }.joined(separator: ",") + "]"
        let stored = try policy(many, isOperators: false, base: operators)
        var writer = JSONWriter()
        writer.object { stored.write(into: &$0) }
        #expect(try Policy(json: JSONDocument(writer.bytes).root, isOperators: true) == stored)
        for check in [#"{"type": "command", "argv": ["/bin/true"]}"#, #"{"type": "http", "url": "http://x"}"#] {
            let error = #expect(throws: FieldError.self) { _ = try policy("[\(check)]", isOperators: false) }
            #expect(error?.description.contains("checks[0].type") == true)
            #expect(error?.description.contains("the operator's to set") == true)
        }
    }

    @Test(
        "a check that cannot work is refused with its field",
        arguments: [
            (#"{"type": "regexp"}"#, "checks[0].type"), (#"{"type": "regex"}"#, "checks[0].pattern"),
            (#"{"type": "regex", "pattern": "(a"}"#, "checks[0].pattern"),
            (#"{"type": "regex", "pattern": "(a)\\1"}"#, "checks[0].pattern"),
            (#"{"type": "regex", "pattern": "((a{1,99}){1,99}){1,99}"}"#, "checks[0].pattern"),
            (#"{"type": "regex", "pattern": "(\#(String(repeating: "a", count: 1000))){1000}"}"#, "checks[0].pattern"),
            (#"{"type": "json_schema", "schema": {"type": 5}}"#, "checks[0].schema"),
            (#"{"type": "command", "argv": ["test"]}"#, "checks[0].argv"),
            (#"{"type": "http", "url": "ftp://x"}"#, "checks[0].url"),
            (#"{"type": "regex", "pattern": "a", "caught": 0.5}"#, "checks[0].caught"),
            (#"{"type": "regex", "pattern": "a", "effect": "evidence", "caught": 0.05}"#, "checks[0].caught"),
        ])
    func invalid(check: String, field: String) throws {
        let error = #expect(throws: FieldError.self) { _ = try policy("[\(check)]") }
        #expect(error?.field.hasSuffix(field) == true, "\(error?.description ?? "no error")")
    }

    @Test("the verdict of a check with known rates changes the log-odds by Bayes' rule")
    func logOdds() {
        let rule = AnswerCheckRule(
            name: "test", kind: .regex("a"), effect: .evidence(caught: 0.8, falseAlarms: 0.2))
        #expect(abs(rule.logOdds(passes: false) + 1.386_294) < 1e-5)
        #expect(abs(rule.logOdds(passes: true) - 1.386_294) < 1e-5)
        #expect(AnswerCheckRule(name: "test", kind: .regex("a")).logOdds(passes: false) == 0)
    }
}

@Suite("Patterns of checks")
struct AnswerPatternTests {
    @Test(
        "usual syntax is understood",
        arguments: [
            (#"^\d{3}-\d{4}$"#, "555-1234", true), (#"^\d{3}-\d{4}$"#, "555-12345", false),
            (#"(?:cat|dog)s?"#, "two dogs", true), (#"[\w.]+@[\w.]+"#, "write to a.b@c.org", true),
            (#"\bend\b"#, "the end.", true), (#"\bend\b"#, "bending", false), (#"a\.b"#, "axb", false),
            (#"[^\]]"#, "]", false), (#"\S+\s\S+"#, "two words", true), (#"^[[:alpha:]\d]+$"#, "a1", true),
            (#"^[[:alpha:]\d]+$"#, "a-1", false),
        ])
    func matches(pattern: String, text: String, expected: Bool) throws {
        #expect(try AnswerPattern(pattern).isFound(in: text) == expected)
    }

    @Test("a pattern that is slow for others ends at once here")
    func nested() throws {
        let clock = ContinuousClock()
        let pattern = try AnswerPattern("^(a+)+$")
        let time = clock.measure { #expect(!pattern.isFound(in: String(repeating: "a", count: 50_000) + "b")) }
        #expect(time < .seconds(5))
    }
}
