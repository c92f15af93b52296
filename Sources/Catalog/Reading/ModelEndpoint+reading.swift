import Domain
import Yams

extension ModelEndpoint {
    private static let ownRules = [
        FieldRule("name", "`name: eu`, unique among the model's endpoints"),
        FieldRule("weight", "`weight: 2`, its share of the calls beside the others"),
        FieldRule("concurrency", "`concurrency: 20`, calls at a time"),
        FieldRule("requests_per_minute", "`requests_per_minute: 500`"),
        FieldRule("tokens_per_minute", "`tokens_per_minute: 200000`, of prompts and answers"),
    ]
    /// Fields that an endpoint takes from its model where it has none.
    private static let shared = ["base_url", "wire", "upstream_name", "batch_api"] + EndpointAccess.rules.map(\.name)
    private static let rules =
        ownRules + [FieldRule("upstream_name", "`upstream_name: gpt-4.1-mini`, the name that this server knows")]
        + Endpoint.rules.filter { shared.contains($0.name) }
    private static let most = 64

    /// The endpoints of a model's table: those of `endpoints`, or the one that the table itself describes. Empty, with
    /// problems, where one is wrong.
    static func list(reading table: YAMLTable, log: inout ProblemLog) -> [ModelEndpoint] {
        guard let node = table.node("endpoints") else {
            return Endpoint(reading: table, log: &log).map { [ModelEndpoint($0)] } ?? []
        }
        let line = table.line(of: "endpoints")
        guard let items = node.sequence, (1...most).contains(items.count) else {
            log.error(line, "`endpoints` is no list of 1 to \(most)", "begin each one with `- name: ...`")
            return []
        }
        var list: [ModelEndpoint] = []
        for (index, item) in items.enumerated() {
            guard let one = one(item, path: "endpoints[\(index)]", of: table, log: &log) else { continue }
            list.append(one)
        }
        guard list.count == items.count else { return [] }
        guard Set(list.map(\.name)).count == list.count else {
            log.error(line, "two endpoints have one name", "name each endpoint differently: `name: eu`")
            return []
        }
        guard Set(list.map(\.endpoint.wire)).count == 1, Set(list.map(\.endpoint.batches)).count == 1 else {
            log.error(
                line, "the endpoints differ in `wire` or `batch_api`",
                "make a model of its own of what speaks another dialect")
            return []
        }
        return list
    }

    private static func one(
        _ node: Node, path: String, of model: YAMLTable, log: inout ProblemLog
    ) -> ModelEndpoint? {
        guard let own = YAMLTable(node, path: path, rules: rules, log: &log) else { return nil }
        let table = own.inheriting(EndpointAccess.inherited(among: shared, by: own), from: model)
        let name = table.required("name", log: &log)
        let isNamed = name?.isEndpointName(log: &log) ?? false
        let endpoint = Endpoint(reading: table, log: &log)
        let weight = table.scalar("weight", log: &log)?.number(positive: true, log: &log)
        func limit(_ field: String, _ log: inout ProblemLog) -> Int? {
            table.scalar(field, log: &log)?.integer(atLeast: 1, log: &log)
        }
        let concurrency = limit("concurrency", &log)
        let requests = limit("requests_per_minute", &log)
        let tokens = limit("tokens_per_minute", &log)
        guard let name, isNamed, let endpoint else { return nil }
        return ModelEndpoint(
            endpoint, name: name.text, weight: weight ?? 1, concurrency: concurrency, requestsPerMinute: requests,
            tokensPerMinute: tokens)
    }
}

extension EndpointAccess {
    /// The fields that a table may take from another one: with a key of its own it takes none.
    static func inherited(among names: [String], by own: YAMLTable) -> [String] {
        let hasOwnKey = keyFields.contains { own.has($0) }
        return names.filter { !hasOwnKey || !keyFields.contains($0) }
    }
}

extension YAMLScalar {
    /// Whether the text can name an endpoint: up to 40 letters, digits and `-_.`, and not the name of an only one.
    fileprivate func isEndpointName(log: inout ProblemLog) -> Bool {
        let isPlain = text.utf8.allSatisfy { $0.isLetterOrDigit || "-_.".utf8.contains($0) }
        if isPlain, (1...40).contains(text.count), text != ModelEndpoint.onlyName { return true }
        log.error(line, "`\(path)` is no name of an endpoint ('\(text)')", "use letters, digits and - _ . : `name: eu`")
        return false
    }
}
