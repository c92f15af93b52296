package import JSON

/// A change of a request for a server that refused it, which changes nothing of what is asked.
package enum RequestMend: Hashable, Sendable {
    /// A member of the body is left out.
    case omit(String)
    /// A member of the body is left out where it has this value, without spaces.
    case omitValue(String, String)
    /// A member of the body is left out where another one is there, too.
    case omitBeside(String, String)
    /// A member has another name at this server.
    case rename(String, to: String)
    /// The limit of the answer is lowered to the most that the model writes.
    case limitAnswer(Int)
    /// Messages of the role `developer` get the older role `system`.
    case developerIsSystem
    /// System messages become the beginning of the first message of the user.
    case systemIsUser
    /// The ids of tool calls become nine letters and digits.
    case shortIDs
    /// Content in text parts becomes a string, and missing content an empty one.
    case plainContent
    /// A member of messages, of their parts and of their calls is left out.
    case omitInMessages(String)
    /// A member of tools and of their functions is left out.
    case omitInTools(String)
    /// A keyword of JSON Schema is left out; a constraint is told in the description instead.
    case omitKeyword(String)

    /// The body with the change; nil where it has nothing to change.
    package func applied(to body: JSONDocument) -> [UInt8]? {
        let root = body.root
        switch self {
        case .omit(let name):
            return root[name] == nil ? nil : body.removingMembers([name])
        case .omitValue(let name, let value):
            return root[name]?.compactText == value ? body.removingMembers([name]) : nil
        case .omitBeside(let name, let other):
            return root[name] == nil || root[other] == nil ? nil : body.removingMembers([name])
        case .rename(let name, let other):
            guard let value = root[name] else { return nil }
            if root[other] != nil { return body.removingMembers([name]) }
            return body.settingMembers([(other, Array(value.raw))], removing: [name])
        case .limitAnswer(let most):
            let names = AnswerLimit.names.filter { (root[$0]?.integer ?? 0) > most }
            guard !names.isEmpty else { return nil }
            return body.settingMembers(names.map { ($0, Array(String(most).utf8)) })
        case .developerIsSystem: return MessageMend.renamingDeveloper(body)
        case .systemIsUser: return MessageMend.foldingSystem(body)
        case .shortIDs: return MessageMend.shorteningIDs(body)
        case .plainContent: return MessageMend.flatteningContent(body)
        case .omitInMessages(let name): return MessageMend.omitting(name, from: body)
        case .omitInTools(let name): return ToolMend.omitting(name, from: body)
        case .omitKeyword(let name): return ToolMend.omittingKeyword(name, from: body)
        }
    }
}

extension JSONValue {
    /// The value's text without spaces.
    var compactText: String { String(decoding: raw.filter { $0 > 0x20 }, as: UTF8.self) }

    /// The text of an object with members set and removed.
    func setting(_ members: [(key: String, value: [UInt8])], removing names: [String] = []) -> [UInt8] {
        (try? JSONDocument(Array(raw)))?.settingMembers(members, removing: names) ?? Array(raw)
    }

    /// The text of a list with each element replaced; nil where none changes.
    func mapping(_ change: (JSONValue) -> [UInt8]?) -> [UInt8]? {
        guard kind == .array else { return nil }
        var isChanged = false
        var writer = JSONWriter(capacity: raw.count + 64)
        writer.array { list in
            for element in elements {
                let other = change(element)
                if other != nil { isChanged = true }
                list.element(raw: other ?? Array(element.raw))
            }
        }
        return isChanged ? writer.bytes : nil
    }
}
