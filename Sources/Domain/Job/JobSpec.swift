package import JSON

/// An agent job as submitted.
package struct JobSpec: Hashable, Sendable {
    /// The request of a chain job; empty if there are subtasks.
    package var input: String
    package var agent: AgentSpec
    package var policy: Policy
    /// A graph of subtasks. Empty for a chain, in which the agent finds its own steps.
    package var subtasks: [Subtask]
    /// Texts and images that the agent may be sent with the request.
    package var sources: [JobSource] = []
    /// The caller's labels, stored and returned unchanged.
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

/// The instructions, tools and limits of a job's agent.
package struct AgentSpec: Hashable, Sendable {
    package var instructions: String
    package var tools: [Tool]
    /// Most model calls of the job, or of each subtask in a graph.
    package var maxSteps: Int

    package static let defaultMaxSteps = 8

    package init(instructions: String = "", tools: [Tool] = [], maxSteps: Int = AgentSpec.defaultMaxSteps) {
        self.instructions = instructions
        self.tools = tools
        self.maxSteps = maxSteps
    }
}

/// A tool that an agent can call.
package enum Tool: Hashable, Sendable {
    /// Built in: evaluates an arithmetic expression.
    case calculator
    /// Run by the client: the job pauses with `requires_action` until outputs are sent.
    case function(name: String, description: String, parameters: [UInt8])
    /// Run by a server: the arguments are posted to a URL that the operator's settings allow. Its response is the
    /// result.
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

/// The state of a job.
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

extension JobSpec {
    /// Parses a submitted job: `input` or `subtasks`, and optionally `agent`, `policy`, `metadata`.
    ///
    /// - Parameters:
    ///   - basePolicy: values for the policy's absent fields.
    ///   - isStored: whether the spec was written by `write`, with the operator's checks in it.
    package init(json: JSONValue, basePolicy: Policy = Policy(), isStored: Bool = false) throws(FieldError) {
        let fields = try FieldReader(
            json, path: "", known: ["input", "agent", "policy", "subtasks", "sources", "metadata"])
        input = try fields.string("input") ?? ""
        agent = try fields.value("agent").map { value throws(FieldError) in try AgentSpec(json: value) } ?? AgentSpec()
        policy =
            try fields.value("policy").map { value throws(FieldError) in
                try Policy(json: value, base: basePolicy, isOperators: isStored)
            } ?? basePolicy
        subtasks = try Subtask.list(fields.value("subtasks"))
        sources = try JobSource.list(fields.value("sources"))
        metadata = try Self.metadata(fields.value("metadata"))
        if subtasks.isEmpty, input.allSatisfy(\.isWhitespace) {
            throw FieldError("input", "is empty: say what the agent shall do, or give `subtasks`")
        }
    }

    /// Writes the spec's members into the open object. `init(json:)` reads them back.
    package func write(into writer: inout JSONWriter) {
        writer.member("input", input)
        writer.member("agent", object: { agent.write(into: &$0) })
        writer.member("policy", object: { policy.write(into: &$0) })
        writer.member(
            "subtasks",
            array: { list in
                for subtask in subtasks { list.object { subtask.write(into: &$0) } }
            })
        writer.member(
            "sources", array: { list in for source in sources { list.object { source.write(into: &$0) } } })
        writer.member(
            "metadata",
            object: { object in
                for (key, value) in metadata.sorted(by: { $0.key < $1.key }) { object.member(key, value) }
            })
    }

    private static func metadata(_ value: JSONValue?) throws(FieldError) -> [String: String] {
        guard let value else { return [:] }
        guard value.kind == .object else { throw FieldError("metadata", "must be an object of strings") }
        var metadata: [String: String] = [:]
        for member in value.members {
            guard let text = member.value.string else {
                throw FieldError("metadata.\(member.key)", "must be a string")
            }
            metadata[member.key] = text
        }
        guard metadata.count <= 64 else { throw FieldError("metadata", "has more than 64 members") }
        return metadata
    }
}

extension AgentSpec {
    init(json: JSONValue) throws(FieldError) {
        let fields = try FieldReader(json, path: "agent", known: ["instructions", "tools", "max_steps"])
        instructions = try fields.string("instructions") ?? ""
        maxSteps = try fields.integer("max_steps", in: 1...100) ?? Self.defaultMaxSteps
        tools = []
        guard let list = fields.value("tools") else { return }
        guard list.kind == .array else { throw FieldError("agent.tools", "must be a list") }
        for (index, element) in list.elements.enumerated() {
            let tool = try Tool(json: element, path: "agent.tools[\(index)]")
            guard !tools.contains(where: { $0.name == tool.name }) else {
                throw FieldError("agent.tools[\(index)]", "a tool named '\(tool.name)' is there already")
            }
            tools.append(tool)
        }
    }

    func write(into writer: inout JSONWriter) {
        writer.member("instructions", instructions)
        writer.member("tools", array: { list in for tool in tools { list.object { tool.write(into: &$0) } } })
        writer.member("max_steps", maxSteps)
    }
}

extension Tool {
    init(json: JSONValue, path: String) throws(FieldError) {
        switch json["type"]?.string {
        case "calculator":
            _ = try FieldReader(json, path: path, known: ["type"])
            self = .calculator
        case "function":
            // OpenAI nests the function; a flat one is accepted too.
            let known = ["type", "function", "name", "description", "parameters", "strict"]
            let fields = try FieldReader(json["function"] ?? json, path: path, known: known)
            self = .function(
                name: try Self.name(fields), description: try fields.string("description") ?? "",
                parameters: try Self.parameters(fields))
        case "http":
            let fields = try FieldReader(json, path: path, known: ["type", "name", "description", "parameters", "url"])
            guard let url = try fields.string("url"), !url.isEmpty else {
                throw FieldError("\(path).url", "is missing: where the arguments are posted to")
            }
            self = .http(
                name: try Self.name(fields), description: try fields.string("description") ?? "",
                parameters: try Self.parameters(fields), url: url)
        case let other:
            throw FieldError(
                "\(path).type", "'\(other ?? "nothing")' is not known; use \"calculator\", \"function\" or \"http\"")
        }
    }

    private static func name(_ fields: FieldReader) throws(FieldError) -> String {
        guard let name = try fields.string("name"), !name.isEmpty else {
            throw FieldError(fields.path("name"), "is missing: a tool needs a name")
        }
        return name
    }

    private static func parameters(_ fields: FieldReader) throws(FieldError) -> [UInt8] {
        guard let parameters = fields.value("parameters") else {
            return Array(#"{"type":"object","properties":{}}"#.utf8)
        }
        guard parameters.kind == .object else {
            throw FieldError(fields.path("parameters"), "must be a JSON schema object")
        }
        return Array(parameters.raw)
    }

    /// Writes the tool in the form that is read, functions like OpenAI's `tools`.
    func write(into writer: inout JSONWriter) {
        switch self {
        case .calculator: writer.member("type", "calculator")
        case .function(let name, let description, let parameters):
            writer.member("type", "function")
            writer.member(
                "function",
                object: { function in
                    function.member("name", name)
                    function.member("description", description)
                    function.member("parameters", raw: parameters)
                })
        case .http(let name, let description, let parameters, let url):
            writer.member("type", "http")
            writer.member("name", name)
            writer.member("description", description)
            writer.member("parameters", raw: parameters)
            writer.member("url", url)
        }
    }
}

extension Subtask {
    /// Parses and validates the graph: unique ids, known dependencies, no cycle.
    static func list(_ value: JSONValue?) throws(FieldError) -> [Subtask] {
        guard let value else { return [] }
        guard value.kind == .array else { throw FieldError("subtasks", "must be a list") }
        var subtasks: [Subtask] = []
        for (index, element) in value.elements.enumerated() {
            let path = "subtasks[\(index)]"
            let fields = try FieldReader(element, path: path, known: ["id", "prompt", "depends_on"])
            guard let id = try fields.string("id"), !id.isEmpty else { throw FieldError("\(path).id", "is missing") }
            guard let prompt = try fields.string("prompt"), !prompt.isEmpty else {
                throw FieldError("\(path).prompt", "is missing")
            }
            guard !subtasks.contains(where: { $0.id == id }) else {
                throw FieldError("\(path).id", "'\(id)' is there twice")
            }
            subtasks.append(Subtask(id: id, prompt: prompt, dependsOn: try fields.strings("depends_on") ?? []))
        }
        guard subtasks.count <= 256 else { throw FieldError("subtasks", "has more than 256 nodes") }
        let ids = subtasks.map(\.id)
        for (index, subtask) in subtasks.enumerated() {
            for name in subtask.dependsOn where !ids.contains(name) {
                let hint = Spelling.closest(to: name, among: ids).map { "; did you mean '\($0)'?" } ?? ""
                throw FieldError("subtasks[\(index)].depends_on", "no subtask is named '\(name)'\(hint)")
            }
        }
        guard depths(of: subtasks) != nil else {
            throw FieldError("subtasks", "depend on each other in a cycle; remove one of the dependencies")
        }
        return subtasks
    }

    /// The depth of each subtask, 1 without dependencies. Nil if the graph has a cycle.
    package static func depths(of subtasks: [Subtask]) -> [String: Int]? {
        var depths: [String: Int] = [:]
        var waiting = subtasks
        while !waiting.isEmpty {
            let before = waiting.count
            waiting.removeAll { subtask in
                let needed = subtask.dependsOn.map { depths[$0] }
                guard !needed.contains(nil) else { return false }
                depths[subtask.id] = (needed.compactMap { $0 }.max() ?? 0) + 1
                return true
            }
            if waiting.count == before { return nil }
        }
        return depths
    }

    func write(into writer: inout JSONWriter) {
        writer.member("id", id)
        writer.member("prompt", prompt)
        writer.member("depends_on", array: { list in for name in dependsOn { list.element(name) } })
    }
}
