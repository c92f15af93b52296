import Domain
import JSON

/// Changes of a request's messages that leave their words as they are.
enum MessageMend {
    static func renamingDeveloper(_ body: JSONDocument) -> [UInt8]? {
        messages(body) { message in
            guard message["role"]?.isString("developer") == true else { return nil }
            return message.setting([("role", JSONWriter.quoted("system"))])
        }
    }

    /// System messages, put before the first message of the user. Nil if one of them is not text.
    static func foldingSystem(_ body: JSONDocument) -> [UInt8]? {
        guard let list = body.root["messages"], list.kind == .array else { return nil }
        let all = Array(list.elements)
        let isSystem = all.map { ["system", "developer"].contains($0["role"]?.string ?? "") }
        guard isSystem.contains(true), let user = all.firstIndex(where: { $0["role"]?.isString("user") == true }) else {
            return nil
        }
        var texts: [String] = []
        for (message, isOne) in zip(all, isSystem) where isOne {
            guard let content = message["content"], let text = text(of: content) else { return nil }
            texts.append(text)
        }
        guard let asked = all[user]["content"] else { return nil }
        let head = texts.joined(separator: "\n\n")
        var writer = JSONWriter(capacity: list.raw.count)
        writer.array { output in
            for (index, message) in all.enumerated() where !isSystem[index] {
                guard index == user else {
                    output.element(raw: message.raw)
                    continue
                }
                let content: [UInt8]
                if let text = text(of: asked) {
                    content = JSONWriter.quoted("\(head)\n\n\(text)")
                } else {
                    var parts = JSONWriter()
                    parts.array { parts in
                        parts.object { part in
                            part.member("type", "text")
                            part.member("text", head)
                        }
                        for part in asked.elements { parts.element(raw: part.raw) }
                    }
                    content = parts.bytes
                }
                output.element(raw: message.setting([("content", content)]))
            }
        }
        return body.settingMembers([("messages", writer.bytes)])
    }

    /// Ids of tool calls as nine letters and digits: the one form that every known server takes.
    static func shorteningIDs(_ body: JSONDocument) -> [UInt8]? {
        messages(body) { message in
            var members: [(key: String, value: [UInt8])] = []
            if let id = message["tool_call_id"]?.string { members.append(("tool_call_id", short(id))) }
            if let calls = message["tool_calls"]?.mapping({ call in
                call["id"]?.string.map { call.setting([("id", short($0))]) }
            }) {
                members.append(("tool_calls", calls))
            }
            if let content = message["content"]?.mapping({ block in
                for name in ["tool_use_id", "id"] {
                    if let id = block[name]?.string { return block.setting([(name, short(id))]) }
                }
                return nil
            }) {
                members.append(("content", content))
            }
            return members.isEmpty ? nil : message.setting(members)
        }
    }

    static func flatteningContent(_ body: JSONDocument) -> [UInt8]? {
        messages(body) { message in
            guard let content = message["content"], !content.isNull else {
                return message["role"]?.isString("assistant") == true
                    ? message.setting([("content", JSONWriter.quoted(""))]) : nil
            }
            guard content.kind == .array, let text = text(of: content) else { return nil }
            return message.setting([("content", JSONWriter.quoted(text))])
        }
    }

    static func omitting(_ name: String, from body: JSONDocument) -> [UInt8]? {
        func without(_ value: JSONValue) -> [UInt8]? { value[name] == nil ? nil : value.setting([], removing: [name]) }
        return messages(body) { message in
            var members: [(key: String, value: [UInt8])] = []
            for list in ["content", "tool_calls"] {
                if let changed = message[list]?.mapping(without) { members.append((list, changed)) }
            }
            if members.isEmpty, message[name] == nil { return nil }
            return message.setting(members, removing: [name])
        }
    }

    /// Whether a message has the member, in itself, in a part or in a call.
    static func has(_ name: String, in body: JSONDocument) -> Bool { omitting(name, from: body) != nil }

    private static func messages(_ body: JSONDocument, _ change: (JSONValue) -> [UInt8]?) -> [UInt8]? {
        body.root["messages"]?.mapping(change).map { body.settingMembers([("messages", $0)]) }
    }

    /// A string, or the text of parts that are all text; nil for anything else.
    private static func text(of content: JSONValue) -> String? {
        if let text = content.string { return text }
        guard content.kind == .array else { return nil }
        var texts: [String] = []
        for part in content.elements {
            guard part["type"]?.isString("text") == true, let text = part["text"]?.string else { return nil }
            texts.append(text)
        }
        return texts.joined(separator: "\n")
    }

    private static func short(_ id: String) -> [UInt8] {
        if id.utf8.count == 9, id.utf8.allSatisfy({ Character(Unicode.Scalar($0)).isLetter || (48...57).contains($0) })
        {
            return JSONWriter.quoted(id)
        }
        var hash = StableHash()
        hash.combine(Array(id.utf8))
        let digits = String(repeating: "0", count: 8) + hash.hexadecimal
        return JSONWriter.quoted("c" + digits.suffix(8))
    }
}
