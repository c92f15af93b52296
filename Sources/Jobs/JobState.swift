package import Dialects
package import Domain
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
