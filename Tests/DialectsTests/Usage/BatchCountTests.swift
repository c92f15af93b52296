import Domain
import JSON
import Testing

@testable import Dialects

@Suite("Counts of tokens in a provider's batch")
struct BatchCountTests {
    private static func answer(_ line: String, _ interface: BatchInterface) throws -> ChatAnswer? {
        let root = try JSONDocument(Array(line.utf8)).root
        guard case .result(let result) = interface.dialect.result(root, number: 1, host: "h"),
            case .answered(let answer, _) = result.outcome
        else { return nil }
        return answer
    }

    private static func openAI(_ usage: String, finish: String = "stop") -> String {
        #"{"custom_id":"a_1","response":{"status_code":200,"body":{"choices":[{"index":0,"message":{"content":"four"},"#
            + #""finish_reason":"\#(finish)"}],"usage":\#(usage)}}}"#
    }

    private static func anthropic(_ usage: String) -> String {
        #"{"custom_id":"a_1","result":{"type":"succeeded","message":{"content":[{"type":"text","text":"four"}],"#
            + #""stop_reason":"end_turn","usage":\#(usage)}}}"#
    }

    @Test("counts are believed as in live answers")
    func counts() throws {
        let hidden = #"{"prompt_tokens":20,"completion_tokens":198,"total_tokens":623}"#
        #expect(try Self.answer(Self.openAI(hidden), .openAI)?.usage?.completionTokens == 603)
        let nothing = #"{"prompt_tokens":null,"completion_tokens":null,"total_tokens":0}"#
        #expect(try Self.answer(Self.openAI(nothing), .openAI)?.reported == nil)
        let negative = #"{"input_tokens":20,"output_tokens":-1}"#
        let reported = try #require(try Self.answer(Self.anthropic(negative), .anthropic)?.reported)
        #expect(reported.countsPrompt && !reported.countsAnswer)
    }

    @Test("an answer that ended in an error is no answer, and may have been billed")
    func failed() throws {
        let line = Self.openAI(#"{"prompt_tokens":2,"completion_tokens":1}"#, finish: "error")
        let root = try JSONDocument(Array(line.utf8)).root
        guard case .result(let result) = BatchInterface.openAI.dialect.result(root, number: 1, host: "h"),
            case .unreadable = result.outcome
        else {
            Issue.record("not unreadable")
            return
        }
    }
}
