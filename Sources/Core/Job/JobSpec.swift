/// An agent job as it was submitted.
package struct JobSpec: Hashable, Sendable {
    /// The request of a chain job; empty where subtasks are given.
    package var input: String
    package var agent: AgentSpec
    package var policy: Policy
    /// A graph of subtasks; empty for a chain, where the agent finds its own steps.
    package var subtasks: [Subtask]
    /// Labels of the caller's own, kept and given back.
    package var metadata: [String: String]

    package init(
        input: String, agent: AgentSpec = AgentSpec(), policy: Policy = Policy(), subtasks: [Subtask] = [],
        metadata: [String: String] = [:]
    ) {
        self.input = input
        self.agent = agent
        self.policy = policy
        self.subtasks = subtasks
        self.metadata = metadata
    }
}

/// How the agent of a job works.
package struct AgentSpec: Hashable, Sendable {
    package var instructions: String
    package var tools: [Tool]
    /// Most model calls of the job (of each subtask in a graph).
    package var maxSteps: Int

    package static let defaultMaxSteps = 8

    package init(instructions: String = "", tools: [Tool] = [], maxSteps: Int = AgentSpec.defaultMaxSteps) {
        self.instructions = instructions
        self.tools = tools
        self.maxSteps = maxSteps
    }
}

/// Something that an agent can call.
package enum Tool: Hashable, Sendable {
    /// Built in: evaluates an arithmetic expression.
    case calculator
    /// Run by the client: the job pauses with `requires_action` until outputs are sent.
    case function(name: String, description: String, parameters: [UInt8])
    /// Run by a server: the arguments are posted to a URL that the operator's settings allow, and its answer is the result.
    case http(name: String, description: String, parameters: [UInt8], url: String)

    package var name: String {
        switch self {
        case .calculator: "calculator"
        case .function(let name, _, _), .http(let name, _, _, _): name
        }
    }
}

/// A node of a job's graph.
package struct Subtask: Hashable, Sendable {
    package var id: String
    package var prompt: String
    package var dependsOn: [String]

    package init(id: String, prompt: String, dependsOn: [String] = []) {
        self.id = id
        self.prompt = prompt
        self.dependsOn = dependsOn
    }
}

/// Where a job stands.
package enum JobStatus: String, CaseIterable, Hashable, Sendable {
    case queued, running
    /// Waits for the client's tool outputs.
    case requiresAction = "requires_action"
    case completed, failed, cancelled

    package var isFinal: Bool {
        switch self {
        case .completed, .failed, .cancelled: true
        case .queued, .running, .requiresAction: false
        }
    }
}
