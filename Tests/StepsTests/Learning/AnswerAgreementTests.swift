import Testing
import Upstream

@testable import Dialects
@testable import Steps

@Suite("Answer agreement")
struct AnswerAgreementTests {
    @Test(
        "texts agree by final answer, else by similarity",
        arguments: [
            ("So 12 + 30 = 42. The answer is 42.", "We add them. The answer is 42.", 1.0),
            ("The answer is 41.", "The answer is 42.", 0),
            ("Paris", "paris.", 1), ("The answer is [1, 2].", "So the answer is [2, 1].", 0),
            ("42", "We add them. The answer is 42.", 1),
            (
                "The capital of France is the city of Paris on the Seine", "Bananas are yellow and grow in the tropics",
                0
            ),
            ("", "something", 0),
        ])
    func texts(answer: String, reference: String, score: Double) {
        #expect(AnswerAgreement.score(answer, reference: reference) == score)
    }

    @Test(
        "tool calls agree by name and arguments, regardless of order and spelling",
        arguments: [
            (#"{"a":1,"b":2}"#, #"{ "b": 2.0, "a": 1 }"#, "add", 1.0), (#"{"a":1}"#, #"{"a":2}"#, "add", 0.5),
            (#"{"a":1}"#, #"{"a":1}"#, "subtract", 0),
        ])
    func calls(arguments: String, other: String, name: String, score: Double) {
        var answer = ChatAnswer()
        answer.toolCalls = [ToolCall(id: "1", name: "add", arguments: arguments)]
        var reference = ChatAnswer()
        reference.toolCalls = [ToolCall(id: "x", name: name, arguments: other)]
        #expect(AnswerAgreement.score(answer, reference: reference) == score)
        reference.toolCalls = []
        reference.text = "It is 3."
        #expect(AnswerAgreement.score(answer, reference: reference) == 0)
    }
}
