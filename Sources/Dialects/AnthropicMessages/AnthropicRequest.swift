import Domain
import JSON
package import Upstream

extension AnthropicWire {
    static let betaHeader = "anthropic-beta"

    /// The request in Anthropic's format: the client's own where it spoke it (``OriginalRequest``), else translated.
    ///
    /// Taken over: messages with text, images, tool calls and tool results, system prompts, tools and their choice, the
    /// limit of tokens, temperature (to Anthropic's largest, 1), `top_p`, stop sequences, a schema for the answer, the
    /// user. Refused, because leaving them out would change the answer: JSON without a schema, more than one choice,
    /// audio. Left out as hints: seeds, penalties, log-probabilities, reasoning effort and what is not known here.
    package func request(_ call: ChatCall) throws(UpstreamError) -> UpstreamRequest {
        let betas = Self.original(call)?.betas ?? []
        let header = betas.isEmpty ? [] : [(Self.betaHeader, betas.joined(separator: ","))]
        return call.request(
            path: "/messages", authorization: Self.authorization(call.key) + header, body: try Self.body(of: call))
    }

    /// The request that asks an Anthropic server how many tokens a prompt has; it costs nothing there. The body is in
    /// Anthropic's format already, and only the model's name is set.
    package func countRequest(_ call: ChatCall) -> UpstreamRequest {
        let body = call.body.settingMembers([("model", JSONWriter.quoted(call.endpoint.modelName))])
        return call.request(path: "/messages/count_tokens", authorization: Self.authorization(call.key), body: body)
    }

    private static func original(_ call: ChatCall) -> OriginalRequest? {
        call.original.flatMap { $0.dialect == .anthropic ? $0 : nil }
    }

    private static func body(of call: ChatCall) throws(UpstreamError) -> [UInt8] {
        if let original = original(call) { return body(of: call, original: original.document) }
        let root = call.body.root
        guard root.kind == .object else { throw .invalidRequest(reason: "the body is not a JSON object") }
        try refuseWhatIsUnknown(root)
        let conversation = try AnthropicConversation(root["messages"])
        var writer = JSONWriter(capacity: call.body.bytes.count + 256)
        writer.object { body in
            body.member("model", call.endpoint.modelName)
            body.member(
                "max_tokens", min(maximumOutputTokens(root) ?? call.maximumOutputTokens, call.maximumOutputTokens))
            if !conversation.system.isEmpty { body.member("system", conversation.system) }
            body.member("messages", array: { conversation.write(to: &$0) })
            writeSampling(root, to: &body)
            writeTools(root, to: &body)
            if let schema = schema(root) { write(schema: schema, to: &body) }
            if let user = root["user"]?.string { body.member("metadata", object: { $0.member("user_id", user) }) }
            if call.isStreaming { body.member("stream", true) }
        }
        return writer.bytes
    }

    /// The client's own bytes with the model's name in them.
    private static func body(of call: ChatCall, original: JSONDocument) -> [UInt8] {
        let limit = min(maximumOutputTokens(original.root) ?? call.maximumOutputTokens, call.maximumOutputTokens)
        var members = [
            (key: "model", value: JSONWriter.quoted(call.endpoint.modelName)),
            (key: "max_tokens", value: Array(String(limit).utf8)),
        ]
        if call.isStreaming { members.append(("stream", Array("true".utf8))) }
        return original.settingMembers(members, removing: ["stream"])
    }

    private static func refuseWhatIsUnknown(_ root: JSONValue) throws(UpstreamError) {
        if let format = root["response_format"]?["type"], !format.isString("text"), schema(root) == nil {
            throw .invalidRequest(
                reason: "Anthropic's models write JSON by a schema: send it as response_format.json_schema.schema")
        }
        if let count = root["n"]?.integer, count > 1 {
            throw .invalidRequest(reason: "Anthropic's models give one choice; leave n out or set it to 1")
        }
        if let audio = root["audio"], !audio.isNull {
            throw .invalidRequest(reason: "Anthropic's models do not speak; leave audio out, or use another model")
        }
    }

    /// The schema that the answer has to keep to; nil where there is none.
    private static func schema(_ root: JSONValue) -> JSONValue? {
        guard let format = root["response_format"], format["type"]?.isString("json_schema") == true,
            let schema = format["json_schema"]?["schema"], schema.kind == .object
        else { return nil }
        return schema
    }

    private static func write(schema: JSONValue, to body: inout JSONWriter) {
        body.member(
            "output_config",
            object: { config in
                config.member(
                    "format",
                    object: {
                        $0.member("type", "json_schema")
                        $0.member("schema", raw: schema.raw)
                    })
            })
    }

    private static func maximumOutputTokens(_ root: JSONValue) -> Int? {
        let limit = [root["max_completion_tokens"], root["max_tokens"]].lazy.compactMap { $0?.integer }.first
        return limit.map { Int(clamping: $0) }
    }

    private static func writeSampling(_ root: JSONValue, to body: inout JSONWriter) {
        if let temperature = root["temperature"]?.double { body.member("temperature", min(1, temperature)) }
        if let topP = root["top_p"], topP.kind == .number { body.member("top_p", raw: topP.raw) }
        guard let stop = root["stop"], !stop.isNull else { return }
        body.key("stop_sequences")
        if stop.kind == .array { body.element(raw: stop.raw) } else { body.array { $0.element(raw: stop.raw) } }
    }

    private static func writeTools(_ root: JSONValue, to body: inout JSONWriter) {
        guard let tools = root["tools"], tools.elements.contains(where: { _ in true }) else { return }
        body.member(
            "tools",
            array: { list in
                for tool in tools.elements {
                    guard let function = tool["function"] else { continue }
                    list.object { item in
                        item.member("name", function["name"]?.string)
                        if let text = function["description"]?.string { item.member("description", text) }
                        if let parameters = function["parameters"], parameters.kind == .object {
                            item.member("input_schema", raw: parameters.raw)
                        } else {
                            item.member("input_schema", raw: #"{"type":"object","properties":{}}"#.utf8)
                        }
                        if let cache = tool["cache_control"] { item.member("cache_control", raw: cache.raw) }
                    }
                }
            })
        writeToolChoice(root, to: &body)
    }

    private static func writeToolChoice(_ root: JSONValue, to body: inout JSONWriter) {
        let choice = root["tool_choice"]
        let isOneAtATime = root["parallel_tool_calls"]?.boolean == false
        guard choice != nil || isOneAtATime else { return }
        body.member(
            "tool_choice",
            object: { item in
                if let name = choice?["function"]?["name"]?.string {
                    item.member("type", "tool")
                    item.member("name", name)
                } else {
                    let names = ["none": "none", "required": "any"]
                    item.member("type", names[choice?.string ?? "auto"] ?? "auto")
                }
                if isOneAtATime, choice?.isString("none") != true { item.member("disable_parallel_tool_use", true) }
            })
    }
}
