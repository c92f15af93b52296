import Testing

@testable import Estimation

@Suite("Compared answers")
struct ComparedAnswerTests {
    @Test(
        "final answers are the same in any dress, and not in another order, sign or digit",
        arguments: [
            ("The answer is 1,234.50.", #"{"answer": "1234.5"}"#, true),
            ("\\boxed{\\dfrac{1}{2}}", "$\\frac{1}{2}$", true),
            ("Yes.", "yes", true), (#"{"answer": "[1, 2]"}"#, "The answer is [1,2].", true),
            (#"{"answer": "[1, 2]"}"#, #"{"answer": "[2, 1]"}"#, false), ("-3", "3", false), ("A", "B", false),
            ("The answer is 'ab'.", "The answer is ab.", true),
        ])
    func values(one: String, other: String, agree: Bool) {
        #expect(ComparedAnswer(one).agrees(with: ComparedAnswer(other)) == agree)
    }

    @Test("longer text without a final answer cannot be compared, and a call is another answer than text")
    func forms() {
        let essay = String(repeating: "The fleet lay at anchor while the sea was calm. ", count: 5)
        #expect(ComparedAnswer(essay).agrees(with: ComparedAnswer(essay)) == nil)
        #expect(ComparedAnswer("").agrees(with: ComparedAnswer("")) == nil)
        #expect(ComparedAnswer("It lies there in the sun.").form == .text)
        let call = ComparedAnswer(#"[{"name":"add","arguments":"{\"a\": 1, \"b\": 2}"}]"#, offersTools: true)
        #expect(call.form == .call)
        #expect(call.agrees(with: ComparedAnswer("add(b=2, a=1)", offersTools: true)) == true)
        #expect(call.agrees(with: ComparedAnswer("I cannot add.", offersTools: true)) == false)
        let said = ComparedAnswer(
            "I add them.\n" + #"[{"name":"add","arguments":"{\"b\": 2, \"a\": 1}"}]"#, offersTools: true)
        #expect(call.agrees(with: said) == true)
    }
}
