import Dialects
import Domain
import JSON
import Upstream

extension JobState {
    /// JSON stored in the ledger.
    package var json: [UInt8] {
        var writer = JSONWriter()
        writer.object { object in
            object.member("status", status.rawValue)
            if let error { object.member("error", error) }
            object.member(
                "threads", array: { list in for thread in threads { list.object { thread.write(into: &$0) } } })
        }
        return writer.bytes
    }

    /// Reads what `json` writes; nil for anything else.
    package init?(json: [UInt8]) {
        guard let root = try? JSONDocument(json).root, let name = root["status"]?.string,
            let status = JobStatus(rawValue: name), let list = root["threads"]
        else { return nil }
        var threads: [JobThread] = []
        for element in list.elements {
            guard let thread = JobThread(json: element) else { return nil }
            threads.append(thread)
        }
        self.init(status: status, threads: threads, error: root["error"]?.string)
    }
}

extension JobThread {
    func write(into writer: inout JSONWriter) {
        writer.member("id", id)
        writer.member("depth", depth)
        writer.member("phase", phase.rawValue)
        writer.member("steps_taken", stepsTaken)
        writer.member("messages", array: { list in for message in messages { list.element(raw: message) } })
        writer.member("pending", array: { list in for call in pending { Self.write(call, into: &list) } })
        writer.member("fetching", array: { list in for call in fetching { Self.write(call, into: &list) } })
        writer.member("output", output)
    }

    init?(json: JSONValue) {
        guard let id = json["id"]?.string, let depth = json["depth"]?.integer, let steps = json["steps_taken"]?.integer,
            let name = json["phase"]?.string, let phase = Phase(rawValue: name)
        else { return nil }
        self.init(id: id, depth: Int(depth))
        self.phase = phase
        stepsTaken = Int(steps)
        messages = json["messages"]?.elements.map { Array($0.raw) } ?? []
        pending = Self.calls(json["pending"])
        fetching = Self.calls(json["fetching"])
        output = json["output"]?.string
    }

    private static func write(_ call: ToolCall, into list: inout JSONWriter) {
        list.object { object in
            object.member("id", call.id)
            object.member("name", call.name)
            object.member("arguments", call.arguments)
        }
    }

    private static func calls(_ list: JSONValue?) -> [ToolCall] {
        list?.elements.compactMap { call in
            guard let id = call["id"]?.string, let name = call["name"]?.string,
                let arguments = call["arguments"]?.string
            else { return nil }
            return ToolCall(id: id, name: name, arguments: arguments)
        } ?? []
    }
}
