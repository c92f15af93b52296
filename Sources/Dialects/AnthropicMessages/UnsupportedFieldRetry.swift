import Domain
import JSON
import Upstream

/// Leaves thinking and beta features out of a request whose server has just refused them. Other members are
/// ``RefusalReader``'s.
///
/// A caller's request is made for the model that it has in mind, and another one may be asked: models differ in the ways
/// of thinking that they take, and each takes back only the thinking that it has written itself. A refusal
/// costs nothing, and no client has seen any of an answer.
enum UnsupportedFieldRetry {
    /// The request without what was refused; nil where the refusal names nothing that may be left out.
    static func request(_ request: UpstreamRequest, after failure: UpstreamFailure) -> UpstreamRequest? {
        guard failure.status == 400 else { return nil }
        let words = failure.message.lowercased()
        var request = request
        if words.contains(AnthropicWire.betaHeader),
            let index = request.headers.firstIndex(where: { $0.0 == AnthropicWire.betaHeader })
        {
            request.headers.remove(at: index)
            return request
        }
        guard let document = try? JSONDocument(request.body), let body = body(document, words) else { return nil }
        request.body = body
        return request
    }

    /// Something is left out each time, so that this comes to an end.
    private static func body(_ document: JSONDocument, _ words: String) -> [UInt8]? {
        let root = document.root
        if words.contains("thinking") {
            let isSealWrong = words.contains("signature") || words.contains("cannot be modified")
            if isSealWrong || root["thinking"] == nil, let messages = withoutThinking(root["messages"]) {
                // In the middle of a turn that began without it a model of this kind cannot begin to think.
                let mustStop = root["thinking"]?["type"]?.isString("enabled") == true && isWorking(root["messages"])
                return document.settingMembers(
                    [("messages", messages)], removing: mustStop ? ["thinking", "context_management"] : [])
            }
            if root["thinking"] != nil { return document.removingMembers(["thinking", "context_management"]) }
        }
        if words.contains("effort"), let config = root["output_config"], config["effort"] != nil,
            let others = try? JSONDocument(Array(config.raw)).removingMembers(["effort"])
        {
            if config.count == 1 { return document.removingMembers(["output_config"]) }
            return document.settingMembers([("output_config", others)])
        }
        return nil
    }

    /// Whether the last message brings results of tools.
    private static func isWorking(_ messages: JSONValue?) -> Bool {
        var last: JSONValue?
        messages?.elements.forEach { last = $0 }
        return last?["content"]?.elements.contains { $0["type"]?.isString("tool_result") == true } ?? false
    }

    /// The messages without blocks of thinking; nil where there are none.
    private static func withoutThinking(_ messages: JSONValue?) -> [UInt8]? {
        MessagesBlock.messages(messages) { AnthropicWire.thinking($0) != nil }
    }
}
