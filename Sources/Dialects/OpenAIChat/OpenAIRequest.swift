package import Domain
import JSON
package import Upstream

/// OpenAI's chat completions, as spoken by OpenAI, llama.cpp, vLLM, Ollama, LM Studio and many providers.
package struct OpenAIWire: ChatWire {
    package init() {}

    package func answer(
        _ body: [UInt8], host: String
    ) throws(UpstreamError) -> (answer: ChatAnswer, openAIBytes: [UInt8]?) {
        let document: JSONDocument
        do {
            document = try JSONMender.whole(body)
        } catch {
            throw .malformed(host: host, reason: "\(error)")
        }
        var answer = try Self.readAnswer(document.root, host: host)
        let edits = Self.separateCalls(&answer, document.root)
        return (answer, edits.isEmpty ? document.bytes : document.replacing(edits))
    }

    package func eventReader(host: String) -> any ChatEventReader {
        OpenAIEventReader(host: host)
    }

    package func modelsRequest(_ endpoint: Endpoint, credentials: Credentials) -> UpstreamRequest {
        Self.authorized(UpstreamRequest(method: "GET", url: endpoint.url("/models")), credentials)
    }

    /// The request with the key as a bearer token, and what else the server asks for.
    static func authorized(_ request: UpstreamRequest, _ credentials: Credentials) -> UpstreamRequest {
        var request = request
        request.authorize(credentials)
        return request
    }
}

extension OpenAIWire {
    /// The client's body with the model's name in it. Where the answer is streamed the usage is asked for too: without
    /// it a streamed call could not be billed.
    package func request(_ call: ChatCall) throws(UpstreamError) -> UpstreamRequest {
        Self.authorized(call.request(path: "/chat/completions", body: try Self.body(of: call)), call.credentials)
    }

    /// The same for `/embeddings`, whose body names `input` in place of messages.
    package func embeddingsRequest(_ call: ChatCall) throws(UpstreamError) -> UpstreamRequest {
        guard call.body.root.kind == .object else { throw Self.notAnObject }
        let body = call.body.settingMembers(
            [("model", JSONWriter.quoted(call.endpoint.modelName))], removing: call.removedMembers)
        return Self.authorized(call.request(path: "/embeddings", body: body), call.credentials)
    }

    /// Members without which the answer is the same, and with which it may cost more than was set aside: tokens that were
    /// predicted and rejected are billed, and OpenRouter may call another model of a list. Others are limits of the
    /// answer under names of single servers, which some obey before `max_tokens`, or make it longer.
    private static let unbounded =
        ["prediction", "models", "route"] + AnswerLimit.others + [
            "max_length", "min_tokens", "min_new_tokens", "min_length", "min_output_tokens", "best_of", "ignore_eos",
            "ignore_eos_token", "num_return_sequences", "use_beam_search", "num_beams", "beam_width",
        ]

    /// Likeliest tokens that are asked for at each place: enough for an entropy, and few bytes.
    private static let alternatives = 4

    private static func body(of call: ChatCall) throws(UpstreamError) -> [UInt8] {
        let root = call.body.root
        guard root.kind == .object else { throw notAnObject }
        var members = [(key: "model", value: JSONWriter.quoted(call.endpoint.modelName))]
        let quirks = ProviderQuirks.of(call.endpoint)
        let changes = quirks.changes(of: root, for: call.endpoint.modelName)
        members += changes.set
        var removed = call.removedMembers + Self.unbounded
        removed.reserveCapacity(removed.count + changes.removed.count + 3)
        removed += changes.removed
        if quirks.takesCacheKey, let key = call.cacheKey, root["prompt_cache_key"] == nil {
            members.append(("prompt_cache_key", JSONWriter.quoted(key)))
        }
        let host = (try? Origin.remembered(call.endpoint.baseURL))?.host
        if let messages = KeptMembers.expanded(root["messages"], for: host) { members.append(("messages", messages)) }
        limitAnswer(call, quirks.limitMember, &members, &removed)
        if let effort = call.effort { members += Self.members(of: effort) }
        if call.asksLogProbabilities {
            members += [
                ("logprobs", Array("true".utf8)), ("top_logprobs", Array(String(alternatives).utf8)),
            ]
        }
        if call.isStreaming {
            if root["stream"]?.boolean != true { members.append(("stream", Array("true".utf8))) }
            members.append(("stream_options", streamOptions(root["stream_options"])))
        } else {
            // Servers refuse stream_options of a call that is not streamed.
            removed += ["stream", "stream_options"]
        }
        return call.body.settingMembers(members, removing: removed)
    }

    private static func members(of effort: EffortParameters) -> [(key: String, value: [UInt8])] {
        var members: [(key: String, value: [UInt8])] = []
        if let level = effort.reasoningEffort { members.append(("reasoning_effort", JSONWriter.quoted(level))) }
        if let verbosity = effort.verbosity { members.append(("verbosity", JSONWriter.quoted(verbosity))) }
        if let thinking = effort.thinking {
            members.append(("thinking", Array("{\"type\":\"\(thinking.rawValue)\"}".utf8)))
        }
        return members
    }

    /// No model is asked for more than it can write: clients name limits for one model and another may answer.
    ///
    /// - Parameter only: the one name of the limit that the server knows; nil where it may know both.
    private static func limitAnswer(
        _ call: ChatCall, _ only: String?, _ members: inout [(key: String, value: [UInt8])], _ removed: inout [String]
    ) {
        let names = (newer: "max_completion_tokens", older: "max_tokens")
        let asked = [names.newer, names.older].compactMap { name in
            call.body.root[name]?.integer.map { (name: name, limit: $0) }
        }
        let other = AnswerLimit.other(call.body.root).map { Int64($0) }
        guard let least = asked.map(\.limit).min() ?? other else { return }
        let limit = min(least, Int64(call.maximumOutputTokens))
        // Beside the newer name the older one stays, too: servers that do not know the newer one go by it.
        let sent = only.map { [$0] } ?? (asked.isEmpty ? [names.older] : asked.map(\.name))
        for name in sent where asked.first(where: { $0.name == name })?.limit != limit {
            members.append((name, Array(String(limit).utf8)))
        }
        if let only { removed += [names.newer, names.older].filter { $0 != only } }
    }

    /// The client's options with the usage asked for.
    private static func streamOptions(_ options: JSONValue?) -> [UInt8] {
        let members = [(key: "include_usage", value: Array("true".utf8))]
        guard let options, options.kind == .object, let document = try? JSONDocument(Array(options.raw)) else {
            return Array("{\"include_usage\":true}".utf8)
        }
        return document.settingMembers(members)
    }

    private static var notAnObject: UpstreamError { .invalidRequest(reason: "the body is not a JSON object") }
}
