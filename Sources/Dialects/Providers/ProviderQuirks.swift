import Domain
import JSON
import Synchronization
import Upstream

/// What the servers of a provider do otherwise than others that speak OpenAI's format. Data: a row for each provider.
///
/// A row saves the first refused call: what is not in it, a server's refusal teaches (``RefusalReader``). Members that
/// providers want back (``KeptMembers``), ways of counting (``TokenCounts``) and words for a prompt that is too long
/// (`ContextOverflow`) are read alike for all of them.
struct ProviderQuirks: Sendable {
    /// A member that some models' servers refuse.
    struct Refused: Sendable {
        let member: String
        /// Beginnings of the models' names; empty for all models.
        let models: [String]
    }

    /// Hosts, by their end.
    let hosts: [String]
    /// The only member for the limit of the answer; nil where the older name is sent, and the newer one beside it if the
    /// client had it.
    var limitMember: String?
    /// Members under other names.
    var renamed: [String: String] = [:]
    /// Members that are left out. Only hints, whose absence changes no meaning.
    var refused: [Refused] = []
    /// Words for the modes of `tool_choice`, where they are others than OpenAI's.
    var toolChoices: [String: String] = [:]
    /// Whether servers find their prompt caches by `prompt_cache_key`.
    var takesCacheKey = false

    /// For servers without a row.
    static let none = ProviderQuirks(hosts: [])

    private static let hints = ["temperature", "top_p", "presence_penalty", "frequency_penalty", "logit_bias"]

    /// All rows. Sources: the providers' references of their interfaces, and LiteLLM's rules for them, October 2026.
    static let all = [
        ProviderQuirks(
            hosts: ["api.openai.com", "openai.azure.com", "services.ai.azure.com"],
            limitMember: "max_completion_tokens",
            refused: hints.map { Refused(member: $0, models: ["o1", "o3", "o4-"]) }, takesCacheKey: true),
        ProviderQuirks(
            hosts: ["api.mistral.ai"], limitMember: "max_tokens", renamed: ["seed": "random_seed"],
            refused: ["user", "store", "logit_bias", "service_tier"].map { Refused(member: $0, models: []) },
            toolChoices: ["required": "any"], takesCacheKey: true),
        ProviderQuirks(
            hosts: ["api.x.ai"],
            refused: ["presence_penalty", "frequency_penalty"].map {
                Refused(member: $0, models: ["grok-4", "grok-code-fast"])
            }),
    ]

    /// The row of an endpoint's host.
    static func of(_ endpoint: Endpoint) -> ProviderQuirks {
        guard let authority = (try? Origin.remembered(endpoint.baseURL))?.host else { return none }
        if let row = rows.withLock({ $0[authority] }) { return row.map { all[$0] } ?? none }
        let host = authority.prefix { $0 != ":" }
        let row = all.firstIndex { row in row.hosts.contains { host == $0 || host.hasSuffix(".\($0)") } }
        rows.withLock { rows in
            if rows.count >= mostRows { rows.removeAll(keepingCapacity: true) }
            rows[authority] = .some(row)
        }
        return row.map { all[$0] } ?? none
    }

    /// Indices of rows by the hosts that were looked up last, nil for a host without a row.
    private static let rows = Mutex<[String: Int?]>([:])
    private static let mostRows = 512

    /// Members to leave out for a model.
    func leftOut(for model: String) -> [String] {
        refused.filter { row in row.models.isEmpty || row.models.contains { model.hasPrefix($0) } }.map(\.member)
    }

    /// The members of a body that go under other names or values, and the names that are left out for them.
    func changes(of root: JSONValue, for model: String) -> (set: [(key: String, value: [UInt8])], removed: [String]) {
        var set: [(key: String, value: [UInt8])] = []
        var removed = leftOut(for: model)
        for (name, other) in renamed.sorted(by: { $0.key < $1.key }) {
            guard let value = root[name] else { continue }
            removed.append(name)
            if root[other] == nil { set.append((other, Array(value.raw))) }
        }
        if let mode = root["tool_choice"]?.string, let other = toolChoices[mode] {
            set.append(("tool_choice", JSONWriter.quoted(other)))
        }
        return (set, removed)
    }
}
