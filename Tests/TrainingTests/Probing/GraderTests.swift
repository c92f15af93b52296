import JSON
import Testing

@testable import Domain
@testable import Estimation
@testable import Training

@Suite struct GraderTests {
    private func grader(_ json: String, answer: String) throws -> ProbeGrader {
        try ProbeGrader(
            json: try JSONDocument(Array(json.utf8)).root, answer: try JSONDocument(Array(answer.utf8)).root)
    }

    @Test(
        "a number is found behind the mark of the final answer, else it is the last one",
        arguments: [
            ("42", true), ("The sum is 42.", true), ("7 * 6 = 42", true), ("Step 1: 40\nAnswer: 42 euros", true),
            ("\\boxed{42}", true), ("**Answer:** 7*6 = 42", true), ("42.0", true), ("It is 42, I think; not 43", false),
            ("-42", false), ("I do not know", false), ("", false), ("x42", false),
            ("Answer: 42 (that is 6 times 7)", true),
        ])
    func numbers(_ answer: String, isRight: Bool) throws {
        #expect(try grader(#"{"type": "number"}"#, answer: #""42""#).isRight(answer) == isRight)
    }

    @Test("signs, commas between thousands and decimals belong to a number, a minus between two values does not")
    func numberForms() {
        #expect(
            AnswerNumber.numbers(in: "-3 and 1,234.50, 10-4, (2)-1, 1,2", false) == [-3, 1234.5, 10, 4, 2, 1, 1, 2])
        #expect(AnswerNumber.find(in: "Answer: 50/9", readsFractions: true) == 50.0 / 9)
        #expect(AnswerNumber.find(in: "144/12", readsFractions: false) == 12)
    }

    @Test("a number within the tolerance is right, and one beyond it is not")
    func tolerance() throws {
        let grader = try grader(#"{"type": "number", "tolerance": 0.01}"#, answer: #""5.555556""#)
        #expect(grader.isRight("Answer: 5.56") == true)
        #expect(grader.isRight("Answer: 50/9") == true)
        #expect(grader.isRight("Answer: 5.6") == false)
    }

    @Test(
        "a lettered choice is found where the answer names one, by its letter or by its text",
        arguments: [
            ("B", true), ("B.", true), ("(B) Paris", true), ("B. Paris", true), ("The answer is B.", true),
            ("Answer: B", true), ("It must be Paris, of course.", true), ("A dog is no city, so it is (B).", true),
            ("A", false), ("A or B, hard to say", false), ("Paris or Rome", false), ("b", false), ("", false),
        ])
    func letters(_ answer: String, isRight: Bool) throws {
        let json = #"{"type": "choice", "choices": ["A", "B", "C"], "texts": ["Rome", "Paris", "Oslo"]}"#
        #expect(try grader(json, answer: #""B""#).isRight(answer) == isRight)
    }

    @Test(
        "a choice of words may stand alone, first, or as the only one of them",
        arguments: [
            ("negative", true), ("Negative.", true), ("This text is negative.", true), ("Negative, not positive", true),
            ("positive", false), ("It is neither positive nor negative", false), ("nonnegative", false),
        ])
    func words(_ answer: String, isRight: Bool) throws {
        let json = #"{"type": "choice", "choices": ["positive", "negative"]}"#
        #expect(try grader(json, answer: #""negative""#).isRight(answer) == isRight)
    }

    @Test(
        "an exact answer may be wrapped in quotes, fences, emphasis and an introduction, but not changed",
        arguments: [
            ("[1, 2]", true), ("`[1, 2]`", true), ("```\n[1, 2]\n```", true), ("The output is `[1, 2]`.", true),
            ("Answer: [1, 2]", true), ("**[1, 2]**", true), ("[1,2]", false), ("[2, 1]", false),
            ("[1, 2] or [2, 1]", false),
        ])
    func exact(_ answer: String, isRight: Bool) throws {
        #expect(try grader(#"{"type": "exact"}"#, answer: #""[1, 2]""#).isRight(answer) == isRight)
    }

    @Test("other spellings count where the probe names them, and case counts always")
    func spellings() throws {
        let grader = try grader(#"{"type": "exact", "accept": ["8:20"]}"#, answer: #""08:20""#)
        #expect(grader.isRight("8:20") == true)
        #expect(grader.isRight("20:08") == false)
        #expect(try self.grader(#"{"type": "exact"}"#, answer: #""HELLO""#).isRight("hello") == false)
    }

    @Test(
        "JSON has to be all of the answer, fit the schema and say the same as the reference",
        arguments: [
            (#"{"a": 1, "b": [true]}"#, true), ("```json\n{\"b\": [true], \"a\": 1.0}\n```", true),
            (#"Here: {"a": 1, "b": [true]}"#, false), (#"{"a": 1}"#, false), (#"{"a": 2, "b": [true]}"#, false),
            (#"{"a": 1, "b": [true], "c": 0}"#, false), (#"{"a": 1, "b": [true]"#, false),
        ])
    func json(_ answer: String, isRight: Bool) throws {
        let schema = """
            {"type": "json", "schema": {"type": "object", "required": ["a", "b"], "additionalProperties": false,
             "properties": {"a": {"type": "integer"}, "b": {"type": "array", "items": {"type": "boolean"}}}}}
            """
        #expect(try grader(schema, answer: #"{"a": 1, "b": [true]}"#).isRight(answer) == isRight)
    }

    @Test("a tool call counts as the provider sends it and as a model writes it, but only the right one")
    func calls() throws {
        let grader = try grader(
            #"{"type": "call", "accept": [{"name": "add", "arguments": {"a": 3, "b": 2}}]}"#,
            answer: #"{"name": "add", "arguments": {"a": 2, "b": 3}}"#)
        #expect(grader.isRight("", calls: [("add", #"{"b": 3, "a": 2}"#)]) == true)
        #expect(grader.isRight("", calls: [("add", #"{"a": 3, "b": 2}"#)]) == true)
        #expect(grader.isRight("Sure: {\"name\": \"add\", \"arguments\": {\"a\": 2.0, \"b\": 3}} done") == true)
        #expect(grader.isRight("", calls: [("add", #"{"a": 2}"#)]) == false)
        #expect(grader.isRight("", calls: [("sub", #"{"a": 2, "b": 3}"#)]) == false)
        #expect(grader.isRight("", calls: [("add", #"{"a": 2, "b": 3}"#), ("add", #"{"a": 2, "b": 3}"#)]) == false)
        #expect(grader.isRight("5") == false)
    }

    @Test("code is graded by running it alone: it passes, fails, runs for ever or breaks")
    func code() throws {
        let grader = try grader(#"{"type": "code", "tests": "assert f(2) == 4"}"#, answer: #""""#)
        #expect(grader.isRight("def f(x): return 2 * x") == nil)
        guard var trial = CodeTrial() else { return }
        trial.seconds = 5
        let tests = "assert f(2) == 4"
        #expect(trial.passes("```python\ndef f(x):\n    return 2 * x\n```\nThat is it.", tests: tests))
        #expect(!trial.passes("def f(x): return x", tests: tests))
        #expect(!trial.passes("not python at all", tests: tests))
        trial.seconds = 0.5
        #expect(!trial.passes("while True: pass", tests: tests))
    }

    @Test("without python3 there is no trial")
    func noPython() {
        #expect(CodeTrial(path: "/nonexistent") == nil)
    }

    @Test(
        "a probe that cannot be graded is refused with its field",
        arguments: [
            (#"{"type": "number"}"#, #""many""#, "answer"), (#"{"type": "numbr"}"#, #""1""#, "grader.type"),
            (#"{"type": "choice", "choices": ["a", "b"]}"#, #""c""#, "answer"),
            (#"{"type": "json", "schema": {"type": "array"}}"#, #"{"a": 1}"#, "answer"),
            (#"{"type": "exact", "exept": []}"#, #""1""#, "grader.exept"),
            (#"{"type": "code"}"#, #""""#, "grader.tests"),
        ])
    func refused(_ json: String, _ answer: String, _ field: String) {
        #expect {
            _ = try grader(json, answer: answer)
        } throws: {
            ($0 as? FieldError)?.field == field
        }
    }
}
