import Calls
import Dialects
import Domain
import ScriptedUpstream
import TestSupport
import Testing
import Upstream

@Suite("A call of an Anthropic server")
struct AnthropicCallTests {
    @Test("a call over the network is translated there and back")
    func network() async throws {
        try await Loopback.with { request in
            request.path == "/v1/messages" && request.header("x-api-key") == "k"
                ? .json(
                    #"""
                    {"id":"msg_1","type":"message","role":"assistant","model":"m","content":[{"type":"tool_use","id":"t","name":"f","input":{"a":1}}],"stop_reason":"tool_use","usage":{"input_tokens":7,"output_tokens":5}}
                    """#) : .status(400)
        } _: { loopback async throws in
            let call = try ChatCall.sample(
                #"{"messages":[{"role":"user","content":"hi"}]}"#, wire: .anthropic, baseURL: loopback.server.baseURL,
                key: "k")
            let chat = try await loopback.client.complete(call)
            #expect(chat.answer.usage?.input == 7 && chat.answer.usage?.output == 5)
            #expect(chat.answer.toolCalls.count == 1)
        }
    }
}
