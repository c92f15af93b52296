import Domain
import JSON
import TestSupport
import Testing

@testable import Dialects
@testable import Upstream

@Suite("What of a request a server refused")
struct RefusalReaderTests {
    /// The body that is sent after a refusal; nil where nothing of it may change.
    private static func mended(_ body: String, _ status: Int, _ answer: String) throws -> String? {
        let failure = FailureReader.read(status: status, headers: UpstreamHeaders(), body: Array(answer.utf8))
        let mends = RefusalReader.mends(after: failure, in: try JSONDocument(Array(body.utf8)))
        guard !mends.isEmpty else { return nil }
        let bytes = try mends.reduce(Array(body.utf8)) { bytes, mend in
            mend.applied(to: try JSONDocument(bytes)) ?? bytes
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func error(_ message: String, param: String? = nil, code: String? = nil) -> String {
        var writer = JSONWriter()
        writer.object { object in
            object.member(
                "error",
                object: { error in
                    error.member("message", message)
                    error.member("param", param)
                    error.member("code", code)
                })
        }
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    @Test(
        "members that change nothing of what is asked are left out, however the server names them",
        arguments: [
            (
                #""temperature":0.2"#, 400,
                error(
                    "Unsupported value: 'temperature' does not support 0.2 with this model.", code: "unsupported_value")
            ),
            (#""temperature":0.2"#, 400, error("`temperature` is deprecated for this model.")),
            (#""top_p":0.5"#, 400, error("this model does not take it", param: "top_p")),
            (
                #""store":true"#, 422,
                #"{"detail":[{"type":"extra_forbidden","loc":["body","store"],"msg":"Extra inputs are not permitted","input":true}]}"#
            ),
            (#""store":true"#, 400, error("Unrecognized request argument supplied: store")),
            (#""store":false"#, 400, error("store: Extra inputs are not permitted")),
            (#""metadata":{"a":"b"}"#, 400, error("Unknown parameter: 'metadata'.")),
            (#""user":"me""#, 422, #"{"detail":"body.user: unexpected field"}"#),
            (#""seed":7"#, 400, error("Invalid JSON payload received. Unknown name \"seed\": Cannot find field.")),
            (#""frequency_penalty":0.1"#, 400, error("frequency_penalty is not supported by this model")),
            (#""parallel_tool_calls":true"#, 400, error("parallel_tool_calls is not supported by this model")),
            (#""reasoning_effort":"low""#, 400, error("Unrecognized request argument supplied: reasoning_effort")),
            (#""service_tier":"auto""#, 400, error("property 'service_tier' is unsupported")),
            (#""n":1"#, 400, error("'n' is not supported")),
            (#""logprobs":false"#, 400, error("logprobs is not supported by this model")),
            (#""response_format":{"type": "text"}"#, 400, error("unknown field `response_format`")),
            (#""presence_penalty":0.5"#, 400, error("Argument not supported on this model: presencePenalty")),
            (#""vendor_flag":1"#, 400, error("Unknown parameter: 'vendor_flag'.")),
        ] as [(String, Int, String)])
    func optional(member: String, status: Int, answer: String) throws {
        #expect(
            try Self.mended(#"{"model":"m",\#(member),"messages":[]}"#, status, answer)
                == #"{"model":"m","messages":[]}"#)
    }

    @Test(
        "a value that is out of range, malformed or too long is its caller's to correct",
        arguments: [
            (
                #""temperature":1.99"#,
                error(
                    "Invalid 'temperature': decimal above maximum value. Expected a value <= 1, but got 1.99 instead.",
                    param: "temperature", code: "decimal_above_max_value")
            ),
            (#""temperature":-1"#, error("'temperature' is invalid", code: "decimal_below_min_value")),
            (#""temperature":9"#, error("temperature must be between 0 and 2")),
            (#""top_p":1.5"#, error("top_p must be less than or equal to 1")),
            (#""seed":"x""#, error("Invalid type for 'seed': expected an integer, but got a string instead.")),
            (
                #""user":"long""#,
                error("Invalid 'user': string too long.", param: "user", code: "string_above_max_length")
            ),
            (
                #""reasoning_effort":"huge""#,
                error("Invalid value: 'huge'. Supported values are: 'low' and 'high'.", param: "reasoning_effort")
            ),
            (#""reasoning_effort":"huge""#, error("reasoning_effort: unknown variant `huge`, expected `low`")),
            (
                #""top_p":2"#,
                #"{"detail":[{"type":"less_than_equal","loc":["body","top_p"],"msg":"Input should be less than or equal to 1"}]}"#
            ),
            (#""max_tokens":9"#, error("Invalid 'max_tokens': must be at least 16", param: "max_tokens")),
        ] as [(String, String)])
    func value(member: String, answer: String) throws {
        #expect(try Self.mended(#"{"model":"m",\#(member)}"#, 400, answer) == nil)
    }

    @Test("a model that takes no value but its own is asked without one")
    func onlyDefault() throws {
        let answer = Self.error(
            "Unsupported value: 'temperature' does not support 0.2 with this model. Only the default (1) value is supported.",
            param: "temperature", code: "unsupported_value")
        #expect(try Self.mended(#"{"model":"m","temperature":0.2}"#, 400, answer) == #"{"model":"m"}"#)
    }

    @Test("of the members behind an unknown one, which the server does know, none is left out")
    func knownNames() throws {
        let answer = Self.error("unknown field `store`, expected one of `model`, `temperature`, `seed`")
        #expect(
            try Self.mended(#"{"store":true,"temperature":0,"seed":7}"#, 422, answer) == #"{"temperature":0,"seed":7}"#)
    }

    @Test(
        "what one call can do without is not taken from calls that mean it",
        arguments: [
            (
                #"{"logprobs":false}"#, error("logprobs is not supported by this model"), #"{"logprobs":true}"#
            ),
            (#"{"seed":null}"#, error("Invalid type for 'seed': expected an integer, but got null"), #"{"seed":7}"#),
            (
                #"{"temperature":1,"top_p":0.5}"#, error("`temperature` and `top_p` cannot both be specified"),
                #"{"top_p":0.5}"#
            ),
        ] as [(String, String, String)])
    func others(body: String, answer: String, other: String) throws {
        let failure = FailureReader.read(status: 400, headers: UpstreamHeaders(), body: Array(answer.utf8))
        let mends = RefusalReader.mends(after: failure, in: try JSONDocument(Array(body.utf8)))
        #expect(mends.count == 1)
        let document = try JSONDocument(Array(other.utf8))
        #expect(mends.allSatisfy { $0.applied(to: document) == nil })
    }

    @Test("a limit keeps its other name for calls that have only the refused one")
    func limitOfOthers() throws {
        let answer = Self.error("unknown", param: "max_completion_tokens")
        let failure = FailureReader.read(status: 400, headers: UpstreamHeaders(), body: Array(answer.utf8))
        let both = try JSONDocument(Array(#"{"max_completion_tokens":9,"max_tokens":9}"#.utf8))
        let mend = try #require(RefusalReader.mends(after: failure, in: both).first)
        let single = try JSONDocument(Array(#"{"max_completion_tokens":5}"#.utf8))
        #expect(mend.applied(to: single).map { String(decoding: $0, as: UTF8.self) } == #"{"max_tokens":5}"#)
    }

    @Test("several members that a server names at once go at once")
    func several() throws {
        let answer =
            #"{"detail":[{"loc":["body","store"],"msg":"Extra inputs are not permitted"},{"loc":["body","seed"],"msg":"Extra inputs are not permitted"}]}"#
        #expect(try Self.mended(#"{"store":true,"model":"m","seed":1}"#, 422, answer) == #"{"model":"m"}"#)
    }

    @Test("of two members that exclude each other one stays")
    func both() throws {
        let answer = Self.error(
            "`temperature` and `top_p` cannot both be specified for this model. Please use only one.")
        #expect(try Self.mended(#"{"temperature":1,"top_p":0.5}"#, 400, answer) == #"{"temperature":1}"#)
    }

    @Test(
        "members that say what is asked stay, and so does everything where the refusal names nothing",
        arguments: [
            (#""stop":["x"]"#, 400, error("stop is not supported with this model", param: "stop")),
            (#""n":3"#, 400, error("'n' is not supported")),
            (#""logprobs":true"#, 400, error("logprobs is not supported by this model")),
            (#""tool_choice":"required""#, 400, error("tool_choice 'required' is not supported")),
            (#""response_format":{"type":"json_object"}"#, 400, error("'response_format' is not supported")),
            (#""parallel_tool_calls":false"#, 400, error("parallel_tool_calls is not supported")),
            (#""temperature":0.2"#, 400, error("bad request")),
            (#""temperature":0.2"#, 401, error("'temperature' is not supported")),
            (#""temperature":0.2"#, 429, error("'temperature' is not supported")),
            (#""user":"me""#, 400, error("messages: the last message must be of the user")),
            (#""temperature":0.2"#, 400, error("This model's maximum context length is 10 tokens; 'temperature' too")),
        ] as [(String, Int, String)])
    func meant(member: String, status: Int, answer: String) throws {
        #expect(try Self.mended(#"{"model":"m",\#(member)}"#, status, answer) == nil)
    }

    @Test(
        "the limit of the answer goes by the name that the server knows, and not above its most",
        arguments: [
            (#"{"max_completion_tokens":9}"#, error("Unknown field: max_completion_tokens"), #"{"max_tokens":9}"#),
            (
                #"{"max_tokens":9}"#,
                error(
                    "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
                    param: "max_tokens"), #"{"max_completion_tokens":9}"#
            ),
            (
                #"{"max_completion_tokens":9,"max_tokens":9}"#, error("unknown", param: "max_completion_tokens"),
                #"{"max_tokens":9}"#
            ),
            (
                #"{"max_tokens":32000}"#,
                error(
                    "max_tokens is too large: 32000. This model supports at most 16384 completion tokens, whereas you provided 32000."
                ), #"{"max_tokens":16384}"#
            ),
            (
                #"{"max_tokens":64000}"#,
                error(
                    "max_tokens: 64000 > 8192, which is the maximum allowed number of output tokens for claude-3-5-sonnet-20241022"
                ), #"{"max_tokens":8192}"#
            ),
            (#"{"max_tokens":9000}"#, error("Range of max_tokens should be [1, 8192]"), #"{"max_tokens":8192}"#),
        ] as [(String, String, String)])
    func limits(body: String, answer: String, mended: String) throws {
        #expect(try Self.mended(body, 400, answer) == mended)
    }

    @Test(
        "a role that a server does not know becomes one that it does",
        arguments: [
            (400, error("Unexpected role 'developer'; must be one of system, user, assistant")),
            (
                422,
                #"{"detail":[{"loc":["body","messages",0,"role"],"msg":"Input should be 'system', 'user' or 'assistant'"}]}"#
            ),
            (500, error("Jinja Exception: Unexpected message role.")),
        ] as [(Int, String)])
    func developer(status: Int, answer: String) throws {
        let body = #"{"messages":[{"role":"developer","content":"Be brief."},{"role":"user","content":"x"}]}"#
        #expect(try Self.mended(body, status, answer) == body.replacing("developer", with: "system"))
    }

    @Test("system messages go before the first words of the user where a server knows no such role")
    func system() throws {
        let body = #"{"messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"x"}]}"#
        #expect(
            try Self.mended(body, 400, Self.error("System role not supported"))
                == #"{"messages":[{"role":"user","content":"Be brief.\n\nx"}]}"#)
        let gemma = Self.error("Developer instruction is not enabled for models/gemma-3-27b-it")
        #expect(try Self.mended(body, 400, gemma)?.contains("Be brief.\\n\\nx") == true)
        let parts = body.replacing(#""x""#, with: #"[{"type":"image_url","image_url":{"url":"data:"}}]"#)
        let mended = try #require(try Self.mended(parts, 400, Self.error("System role not supported")))
        #expect(mended.contains(#"[{"type":"text","text":"Be brief."},{"type":"image_url""#))
    }

    @Test(
        "ids of tool calls get a form that every server takes, the same in call and result",
        arguments: [
            error("Tool call id was call_1a2b3c4d5e but must be a-z, A-Z, 0-9, with a length of 9."),
            error(
                "Invalid 'messages[1].tool_calls[0].id': string too long. Expected a string with maximum length 40",
                param: "messages[1].tool_calls[0].id"),
            error("messages.1.content.0.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'"),
        ] as [String])
    func ids(answer: String) throws {
        let body =
            #"{"messages":[{"role":"assistant","tool_calls":[{"id":"call_1a2b3c4d5e","type":"function"}]},{"role":"tool","tool_call_id":"call_1a2b3c4d5e","content":"4"},{"role":"assistant","content":[{"type":"tool_use","id":"a:b"}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"a:b"}]}]}"#
        let text = try #require(try Self.mended(body, 400, answer))
        let messages = Array(try #require(try JSONDocument(Array(text.utf8)).root["messages"]).elements)
        let id = messages[0]["tool_calls"]?.elements.first { _ in true }?["id"]?.string
        #expect(id?.count == 9 && id == messages[1]["tool_call_id"]?.string)
        let block = messages[2]["content"]?.elements.first { _ in true }?["id"]?.string
        #expect(block?.count == 9 && block != id)
        #expect(block == messages[3]["content"]?.elements.first { _ in true }?["tool_use_id"]?.string)
    }

    @Test("a missing result of a tool is the caller's mistake, and no id's form")
    func missingResult() throws {
        let body = #"{"messages":[{"role":"assistant","tool_calls":[{"id":"call_1","type":"function"}]}]}"#
        let answer = Self.error(
            "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'."
        )
        #expect(try Self.mended(body, 400, answer) == nil)
    }

    @Test(
        "keywords of schemas that mean nothing go, and constraints are told in words",
        arguments: [
            (
                #""additionalProperties":false"#,
                error(
                    "Unknown name \"additionalProperties\" at 'tools[0].function_declarations[0].parameters': Cannot find field."
                ), ""
            ),
            (
                #""$schema":"http://json-schema.org/draft-07/schema#""#,
                error("Unknown name \"$schema\" at 'tools[0]'"), ""
            ),
            (#""title":"T""#, error("Invalid schema: 'title' is not permitted."), ""),
            (
                #""minLength":3"#, error("Invalid schema for function 'f': 'minLength' is not permitted."),
                #","description":"(minLength: 3)""#
            ),
            (
                #""uniqueItems":true"#,
                error("Invalid schema: In context=('properties', 'x'), 'uniqueItems' is not permitted."),
                #","description":"(uniqueItems: true)""#
            ),
            (#""const":"a""#, error("Invalid schema: 'const' is not supported."), #","enum":["a"]"#),
        ] as [(String, String, String)])
    func keywords(keyword: String, answer: String, told: String) throws {
        func body(_ inner: String, _ outer: String) -> String {
            #"{"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{"title":{"type":"string"\#(inner)}}\#(outer)}}}]}"#
        }
        #expect(
            try Self.mended(body("," + keyword, "," + keyword), 400, answer) == body(told, told),
            "at every depth, and a property of that name stays")
    }

    @Test("a description keeps its words before the constraint, and an answer's schema is changed like a tool's")
    func description() throws {
        let body =
            #"{"response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"type":"integer","description":"age","minimum":0}}}}"#
        let answer = Self.error("output_format.schema: For 'integer' type, property 'minimum' is not supported")
        #expect(
            try Self.mended(body, 400, answer)
                == #"{"response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"type":"integer","description":"age (minimum: 0)"}}}}"#
        )
    }

    @Test("content in parts becomes a string where only strings are taken, and missing content an empty one")
    func content() throws {
        let body =
            #"{"messages":[{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]},{"role":"assistant","content":null,"tool_calls":[]}]}"#
        let answer = #"{"detail":[{"loc":["body","messages",0,"content"],"msg":"Input should be a valid string"}]}"#
        #expect(
            try Self.mended(body, 422, answer)
                == #"{"messages":[{"role":"user","content":"a\nb"},{"role":"assistant","content":"","tool_calls":[]}]}"#
        )
    }

    @Test("members of messages and tools that only other servers know are left out")
    func nested() throws {
        let body =
            #"{"messages":[{"role":"assistant","content":"a","reasoning_content":"r"}],"tools":[{"type":"function","function":{"name":"f","strict":true}}]}"#
        let groq = Self.error(
            "'messages.0' : for 'role:assistant' the following must be satisfied[('messages.0' : property 'reasoning_content' is unsupported)]"
        )
        #expect(try Self.mended(body, 400, groq) == body.replacing(#","reasoning_content":"r""#, with: ""))
        let strict = Self.error("tools.0.function.strict: Extra inputs are not permitted")
        #expect(try Self.mended(body, 400, strict) == body.replacing(#","strict":true"#, with: ""))
    }
}
