package import Dialects
package import Domain
import Upstream

/// How far a job has come. Saved after every step; a job goes on from here after a restart.
package struct JobState: Hashable, Sendable {
    package var status: JobStatus
    /// One for a chain; one per subtask of a graph, in its order.
    package var threads: [JobThread]
    /// Why the job failed, in words.
    package var error: String?

    /// A job's first state.
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

    /// Calls that wait for the client's outputs, over all threads.
    package var pendingCalls: [ToolCall] { threads.flatMap(\.pending) }

    /// The answers by subtask; a chain's under the empty name.
    package var outputs: [(id: String, text: String)] {
        threads.compactMap { thread in thread.output.map { (thread.id, $0) } }
    }
}

/// One conversation of a job: the whole chain, or one subtask of a graph.
package struct JobThread: Hashable, Sendable {
    /// The name of a chain's only thread.
    package static let chain = ""

    package enum Phase: String, Sendable {
        /// Waits for the subtasks it depends on, or for its turn.
        case waiting
        /// A model is being called for it.
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
    /// Calls of functions that wait for the client's outputs.
    package var pending: [ToolCall] = []
    /// Calls of tools of type `http` that are being asked.
    package var fetching: [ToolCall] = []
    package var output: String?

    package init(id: String, depth: Int) {
        self.id = id
        self.depth = depth
    }

    /// Whether a call of a tool has no result yet.
    var awaitsTools: Bool { !pending.isEmpty || !fetching.isEmpty }

    /// The position of the thread's next step: HERA's index along a chain, the depth in a graph.
    package var nextPosition: Int { depth + stepsTaken }
}
