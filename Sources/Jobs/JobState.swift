package import Dialects
package import Domain
import JSON
import Upstream

/// Progress of a job, saved after every step and resumed after a restart.
package struct JobState: Hashable, Sendable {
    package var status: JobStatus
    /// One thread for a chain; one per subtask of a graph, in order.
    package var threads: [JobThread]
    /// Why the job failed.
    package var error: String?

    /// The initial state.
    package init(of spec: JobSpec) {
        status = .queued
        guard !spec.subtasks.isEmpty else {
            threads = [JobThread(id: JobThread.chain, depth: 1)]
            return
        }
        let depths = Subtask.depths(of: spec.subtasks) ?? [:]
        threads = spec.subtasks.map { JobThread(id: $0.id, depth: depths[$0.id] ?? 1) }
    }

    init(status: JobStatus, threads: [JobThread], error: String?) {
        self.status = status
        self.threads = threads
        self.error = error
    }

    /// Pending client calls of all threads.
    package var pendingCalls: [ToolCall] { threads.flatMap(\.pending) }

    /// Outputs by subtask; a chain's under the empty name.
    package var outputs: [(id: String, text: String)] {
        threads.compactMap { thread in thread.output.map { (thread.id, $0) } }
    }
}

/// One conversation of a job: the whole chain, or one subtask of a graph.
package struct JobThread: Hashable, Sendable {
    /// The name of a chain's only thread.
    package static let chain = ""

    package enum Phase: String, Sendable {
        /// Waits for its dependencies, or is ready.
        case waiting
        /// A model call is in flight.
        case calling
        /// Waits for tool outputs.
        case tools
        case done, failed
    }

    package var id: String
    /// 1 for a chain or for a subtask that depends on nothing.
    package var depth: Int
    package var phase: Phase = .waiting
    package var stepsTaken = 0
    /// The conversation so far, each message as JSON text.
    package var messages: [[UInt8]] = []
    /// Function calls that wait for the client's outputs.
    package var pending: [ToolCall] = []
    /// Calls of `http` tools in flight.
    package var fetching: [ToolCall] = []
    package var output: String?

    package init(id: String, depth: Int) {
        self.id = id
        self.depth = depth
    }

    /// Whether a tool call is still open.
    var awaitsTools: Bool { !pending.isEmpty || !fetching.isEmpty }

    /// The position of the thread's next step: HERA's index along a chain, the depth in a graph.
    package var nextPosition: Int { depth + stepsTaken }
}

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
