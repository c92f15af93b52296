import Dialects
import Domain
import JSON
import TestSupport
import Testing
import Upstream

@Suite("Effort in requests")
struct EffortTests {
    private static let hello = #""messages":[{"role":"user","content":"hi"}]"#

    private static func asked(_ members: String) throws -> AskedEffort? {
        try ChatRequest(try JSONDocument(Array(#"{"model":"hera",\#(hello)\#(members)}"#.utf8)))
            .step(id: "s", runID: "r", previousModel: nil).effort
    }

    @Test("what a caller says of effort is kept, in every dialect")
    func callers() throws {
        #expect(try Self.asked("") == nil)
        #expect(try Self.asked(#","reasoning_effort":null"#) == nil)
        #expect(try Self.asked(#","reasoning_effort":"high""#)?.effort == .high)
        #expect(try Self.asked(#","reasoning":{"effort":"low"}"#)?.effort == .low)
        #expect(try Self.asked(#","thinking":{"type":"disabled"}"#)?.effort == MeasuredEffort.none)
        let verbosity = try #require(try Self.asked(#","verbosity":"low""#))
        #expect(verbosity.effort == nil)
        let messages = #"{"model":"hera","max_tokens":9000,\#(Self.hello),"#
        func native(_ members: String) throws -> AskedEffort? {
            try MessagesRequest(try JSONDocument(Array((messages + members + "}").utf8))).chat
                .step(id: "s", runID: "r", previousModel: nil).effort
        }
        #expect(try native(#""thinking":{"type":"enabled","budget_tokens":8000}"#)?.effort == .medium)
        #expect(try native(#""output_config":{"effort":"max"}"#)?.effort == .max)
        #expect(try native(#""top_k":5"#) == nil)
        let responses = #"{"model":"hera","input":"hi","reasoning":{"effort":"medium"}}"#
        let response = try ResponsesRequest(try JSONDocument(Array(responses.utf8)))
        #expect(response.chat.step(id: "s", runID: "r", previousModel: nil).effort?.effort == .medium)
    }

    @Test("a level is written in OpenAI's members")
    func openAI() throws {
        var call = try ChatCall.sample("{\(Self.hello)}", wire: .openAI)
        call.effort = EffortParameters(reasoningEffort: "low", verbosity: "high")
        let sent = try call.sent
        #expect(sent["reasoning_effort"]?.string == "low")
        #expect(sent["verbosity"]?.string == "high")
        call.effort = EffortParameters(thinking: .disabled)
        #expect(try call.sent["thinking"]?["type"]?.string == "disabled")
        call.effort = nil
        #expect(try call.sent["reasoning_effort"] == nil)
    }

    @Test("a level is written in Anthropic's members, without the sampling that thinking excludes")
    func anthropic() throws {
        var call = try ChatCall.sample(
            #"{\#(Self.hello),"temperature":0.2,"max_tokens":700,"response_format":{"type":"json_schema","json_schema":{"schema":{"type":"object"}}}}"#,
            wire: .anthropic)
        call.effort = EffortParameters(reasoningEffort: "low")
        var sent = try call.sent
        #expect(sent["output_config"]?["effort"]?.string == "low")
        #expect(sent["output_config"]?["format"] != nil)
        #expect(sent["temperature"]?.double == 0.2)
        call.effort = EffortParameters(reasoningEffort: "low", thinking: .adaptive)
        sent = try call.sent
        #expect(sent["thinking"]?["type"]?.string == "adaptive")
        #expect(sent["temperature"] == nil)
    }

    @Test("a budget of thinking has to leave room for the answer")
    func budget() throws {
        var call = try ChatCall.sample("{\(Self.hello),\"max_tokens\":700}", wire: .anthropic)
        call.effort = EffortParameters(thinkingTokens: 2000)
        #expect(try call.sent["thinking"] == nil)
        call.effort = EffortParameters(thinkingTokens: 600)
        #expect(try call.sent["thinking"]?["budget_tokens"]?.integer == 600)
    }
}
