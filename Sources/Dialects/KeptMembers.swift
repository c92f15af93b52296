import JSON

/// What a provider may want back of an answer, in the form in which clients of another dialect keep it: the text that
/// seals a block of thinking or an item of reasoning. Clients send such blocks back as they got them.
struct KeptMembers {
    /// What belongs to one call of a tool.
    struct Call {
        /// See ``ToolCall/extra``.
        var extra = ExtraMembers()
        /// See ``ToolCall/functionExtra``.
        var functionExtra = ExtraMembers()

        var isEmpty: Bool { extra.isEmpty && functionExtra.isEmpty }
    }

    private static let prefix = "hera1:"

    /// The member of the message that the block's text stood in.
    var member: String?
    /// Members of the message.
    var message = ExtraMembers()
    /// Members of its calls, by the ids that the client knows.
    var calls: [String: Call] = [:]

    init() {}

    /// Of one call.
    init(_ call: ToolCall, id: String) {
        let kept = Call(extra: call.extra, functionExtra: call.functionExtra)
        if !kept.isEmpty { calls[id] = kept }
    }

    var isEmpty: Bool { member == nil && message.isEmpty && calls.isEmpty }

    /// Reads a seal; nil for those of other services.
    init?(_ seal: String?) {
        guard let seal, seal.hasPrefix(Self.prefix),
            let root = try? JSONDocument(Array(seal.utf8.dropFirst(Self.prefix.utf8.count))).root
        else { return nil }
        member = root["member"]?.string
        message = ExtraMembers(of: root["message"], besides: ["role", "content", "tool_calls", "tool_call_id"])
        for (id, value) in root["calls"]?.members.map({ ($0.key, $0.value) }) ?? [] {
            calls[id] = Call(
                extra: ExtraMembers(of: value["call"], besides: ["id", "type", "index", "function"]),
                functionExtra: ExtraMembers(of: value["function"], besides: ["name", "arguments"]))
        }
    }

    /// Whether a seal was made here.
    static func isSeal(_ text: String?) -> Bool { text?.hasPrefix(prefix) == true }

    /// Adds what another seal of the same message keeps.
    mutating func add(_ other: KeptMembers) {
        message.add(other.message)
        calls.merge(other.calls) { _, new in new }
    }

    /// The seal.
    var seal: String {
        var writer = JSONWriter(capacity: 256)
        writer.object { object in
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
    var seal: String {
        guard let member, signature.isEmpty else { return signature }
        var kept = KeptMembers()
        kept.member = member
        return kept.seal
    }
}
