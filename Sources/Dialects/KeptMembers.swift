import JSON
import Upstream

/// What a provider may want back of an answer, in the form in which others keep it: the text that seals a block of
/// thinking or an item of reasoning, and the member ``name`` of a chat message. Clients send such blocks back as they got
/// them. Only the server that wrote an answer gets its members back: others may refuse what they do not know.
struct KeptMembers {
    /// What belongs to one call of a tool.
    struct Call {
        /// See ``ToolCall/extra``.
        var extra = ExtraMembers()
        /// See ``ToolCall/functionExtra``.
        var functionExtra = ExtraMembers()
    }

    /// The member of a chat message that has the seal.
    static let name = "hera_kept"
    private static let prefix = "hera1:"

    /// The server that wrote the answer; nil where it is not known.
    var host: String?
    /// The member of the message that the block's text stood in.
    var member: String?
    /// Members of the message.
    var message = ExtraMembers()
    /// Members of its calls, by the ids that the client knows.
    var calls: [String: Call] = [:]

    init() {}

    /// Of a message and some of its calls.
    ///
    /// - Parameters:
    ///   - host: the server that wrote the message.
    ///   - calls: each with the id that the client knows.
    init(host: String?, message: ExtraMembers, calls: [(String, ToolCall)]) {
        self.host = host
        self.message = message
        for (id, call) in calls where call.hasExtra {
            self.calls[id] = Call(extra: call.extra, functionExtra: call.functionExtra)
        }
    }

    var isEmpty: Bool { member == nil && message.isEmpty && calls.isEmpty }

    /// Reads a seal; nil for those of other services.
    init?(_ seal: String?) {
        guard let seal, seal.hasPrefix(Self.prefix),
            let root = try? JSONDocument(Array(seal.utf8.dropFirst(Self.prefix.utf8.count))).root
        else { return nil }
        host = root["host"]?.string
        member = root["member"]?.string
        message = ExtraMembers(of: root["message"], besides: ["role", "content", "tool_calls", "tool_call_id"])
        for (id, value) in root["calls"]?.members.map({ ($0.key, $0.value) }) ?? [] {
            calls[id] = Call(
                extra: ExtraMembers(of: value["call"], besides: ToolCall.members),
                functionExtra: ExtraMembers(of: value["function"], besides: ToolCall.functionMembers))
        }
    }

    /// Whether a seal was made here.
    static func isSeal(_ text: String?) -> Bool { text?.hasPrefix(prefix) == true }

    /// Adds what another seal of the same message keeps.
    mutating func add(_ other: KeptMembers) {
        host = host ?? other.host
        message.add(other.message)
        calls.merge(other.calls) { _, new in new }
    }

    /// The seal.
    var seal: String {
        var writer = JSONWriter(capacity: 256)
        writer.object { object in
            if let host { object.member("host", host) }
            if let member { object.member("member", member) }
            if !message.isEmpty { object.member("message", object: { message.write(to: &$0) }) }
            guard !calls.isEmpty else { return }
            object.member(
                "calls",
                object: { list in
                    for (id, call) in calls.sorted(by: { $0.key < $1.key }) {
                        list.member(
                            id,
                            object: { item in
                                item.member("call", object: { call.extra.write(to: &$0) })
                                item.member("function", object: { call.functionExtra.write(to: &$0) })
                            })
                    }
                })
        }
        return Self.prefix + String(decoding: writer.bytes, as: UTF8.self)
    }
}

extension ThinkingBlock {
    /// The signature that a client of another dialect gets: the provider's, or the seal of a reasoning text.
    ///
    /// - Parameter host: the server that wrote it.
    func seal(host: String?) -> String {
        guard let member, signature.isEmpty else { return signature }
        var kept = KeptMembers()
        kept.host = host
        kept.member = member
        return kept.seal
    }
}

extension ChatAnswer {
    /// The members of the message that its provider may want back: reasoning by its name, and all that is unknown here.
    var keptMembers: ExtraMembers {
        var texts: [(member: String, text: String)] = []
        for block in thinking {
            guard let member = block.member else { continue }
            if let index = texts.firstIndex(where: { $0.member == member }) {
                texts[index].text += block.text
            } else {
                texts.append((member, block.text))
            }
        }
        var kept = ExtraMembers()
        for (member, text) in texts { kept.set(member, JSONWriter.quoted(text)) }
        kept.add(extra)
        return kept
    }

    /// The seal of what the provider may want back; nil where there is nothing.
    package func seal(of calls: [ToolCall]) -> String? {
        let kept = KeptMembers(host: origin, message: keptMembers, calls: calls.map { ($0.id, $0) })
        return kept.isEmpty ? nil : kept.seal
    }
}

// MARK: Sending back

extension KeptMembers {
    /// The messages of a request with all that its server may want back in its place; nil where there is nothing.
    ///
    /// - Parameter host: the server that gets the request.
    static func expanded(_ messages: JSONValue?, for host: String?) -> [UInt8]? {
        guard let messages, messages.mentions(name), messages.elements.contains(where: { $0[name] != nil }) else {
            return nil
        }
        var writer = JSONWriter(capacity: messages.raw.count)
        writer.array { list in
            for message in messages.elements { list.element(raw: expanded(message: message, for: host)) }
        }
        return writer.bytes
    }

    private static func expanded(message: JSONValue, for host: String?) -> [UInt8] {
        let bytes = Array(message.raw)
        guard let seal = message[name], let document = try? JSONDocument(bytes) else { return bytes }
        guard let kept = KeptMembers(seal.string), kept.host == nil || kept.host == host else {
            return document.removingMembers([name])
        }
        var members = kept.message.pairs
        if let calls = message["tool_calls"], calls.kind == .array, !kept.calls.isEmpty {
            var list = JSONWriter(capacity: calls.raw.count)
            list.array { list in calls.elements.forEach { list.element(raw: kept.expanded(call: $0)) } }
            members.append(("tool_calls", list.bytes))
        }
        return document.settingMembers(members, removing: [name])
    }

    private func expanded(call: JSONValue) -> [UInt8] {
        let bytes = Array(call.raw)
        guard let kept = call["id"]?.string.flatMap({ calls[$0] }), let document = try? JSONDocument(bytes) else {
            return bytes
        }
        var members = kept.extra.pairs
        if !kept.functionExtra.isEmpty, let function = call["function"],
            let inner = try? JSONDocument(Array(function.raw))
        {
            members.append(("function", inner.settingMembers(kept.functionExtra.pairs)))
        }
        return document.settingMembers(members)
    }
}
