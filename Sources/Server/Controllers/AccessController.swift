import Batches
import Calls
import Domain
import HTTPTypes
import Hummingbird
import JSON
import Ledger
import Steps

/// Budgets with their forecast, and access keys.
struct AccessController {
    let ledger: LedgerStore
    let settings: CurrentSettings
    /// Whether requests need a key. Then only the operator's makes and revokes keys.
    let needsKey: Bool

    func addRoutes(to group: RouterGroup<HeraContext>) {
        group.get("budgets", use: budgets)
        group.get("keys", use: keys)
        group.post("keys", use: create)
        group.delete("keys/{id}", use: revoke)
        group.get("access_changes", use: changes)
    }

    /// All budgets; a key sees its own and its team's.
    @Sendable
    func budgets(request: Request, context: HeraContext) async throws -> Response {
        let caller = context.caller
        let scopes = caller.key.map { [BudgetScope.key($0)] + (caller.team.map { [.team($0)] } ?? []) }
        let now = Timestamp.now()
        let statuses = try await ledger.read { try $0.budgets(of: scopes, at: now) }
        var writer = JSONWriter()
        writer.object { object in
            object.member("object", "list")
            object.member(
                "data",
                array: { list in
                    for status in statuses { list.object { BudgetForecast(status, at: now).write(into: &$0) } }
                })
        }
        return Response(json: writer.bytes)
    }

    /// All keys with their budgets, without secrets; a key sees itself.
    @Sendable
    func keys(request: Request, context: HeraContext) async throws -> Response {
        let own = context.caller.key
        let now = Timestamp.now()
        let (keys, statuses) = try await ledger.read { transaction in
            let keys = try transaction.keys().filter { own == nil || $0.id == own }
            return (keys, try transaction.budgets(of: keys.map { .key($0.id) }, at: now))
        }
        var writer = JSONWriter()
        writer.object { object in
            object.member("object", "list")
            object.member("may_change", mayChange(context))
            object.member(
                "data",
                array: { list in
                    for key in keys {
                        list.object { KeyDocument(key, statuses, at: now).write(into: &$0) }
                    }
                })
        }
        return Response(json: writer.bytes)
    }

    /// Makes a key: `{label, team, budgets: ["20/month"], requests_per_minute, tokens_per_minute, concurrent_calls, policy,
    /// expires_at}`.
    @Sendable
    func create(request: Request, context: HeraContext) async throws -> Response {
        try checkMayChange(context)
        var request = request
        let body = try await request.json(upTo: settings.value.limits.bodyBytes)
        let fields = try FieldReader(
            body.root, path: "",
            known: [
                "label", "team", "budgets", "requests_per_minute", "tokens_per_minute", "concurrent_calls", "policy",
                "expires_at",
            ])
        let now = Timestamp.now()
        var key = AccessKey(createdAt: now)
        key.label = try fields.string("label") ?? ""
        key.team = try fields.string("team")
        key.requestsPerMinute = try fields.integer("requests_per_minute", in: 1...1_000_000)
        key.tokensPerMinute = try fields.integer("tokens_per_minute", in: 1...1_000_000_000)
        key.concurrentCalls = try fields.integer("concurrent_calls", in: 1...1_000_000)
        key.policy = try fields.string("policy")
        if let name = key.policy, name != "default", settings.value.policies[name] == nil {
            let hint = Spelling.closest(to: name, among: settings.value.policies.keys.sorted())
            throw FieldError("policy", "no policy is named '\(name)'\(hint.map { "; did you mean '\($0)'?" } ?? "")")
        }
        if let text = try fields.string("expires_at") {
            guard let moment = Timestamp(text), moment > now else {
                throw FieldError("expires_at", "must be a later day or moment, like 2027-12-31")
            }
            key.expiresAt = moment
        }
        var budgets: [Budget] = []
        if let list = fields.value("budgets") {
            guard list.kind == .array else {
                throw FieldError("budgets", "must be a list like [\"20/month\"]")
            }
            for (index, element) in list.elements.enumerated() {
                do {
                    budgets.append(try Budget(element.string ?? "", scope: .key(key.id)))
                } catch {
                    throw FieldError("budgets[\(index)]", "\(error)")
                }
            }
        }
        let secret = try await ledger.createKey(key, budgets: budgets, by: Self.actor)
        var writer = JSONWriter()
        writer.object {
            $0.member("id", key.id)
            $0.member("object", "key")
            // Shown now and never again: the ledger has a hash of it.
            $0.member("key", secret)
        }
        return Response(json: writer.bytes, status: .created)
    }

    /// Revokes a key, from the next call on and on every node.
    @Sendable
    func revoke(request: Request, context: HeraContext) async throws -> Response {
        try checkMayChange(context)
        let id = try context.parameters.require("id")
        do {
            try await ledger.write { try $0.revokeKey(id, at: .now(), by: Self.actor) }
        } catch {
            if case .notFound = error { throw ServiceError.notFound(kind: "key", id: id) }
            throw error
        }
        var writer = JSONWriter()
        writer.object {
            $0.member("id", id)
            $0.member("object", "key")
            $0.member("revoked", true)
        }
        return Response(json: writer.bytes)
    }

    /// Who made and revoked keys, and set and removed budgets, the newest first. For the operator.
    @Sendable
    func changes(request: Request, context: HeraContext) async throws -> Response {
        try checkMayChange(context)
        let changes = try await ledger.read { try $0.accessChanges(limit: Self.mostChanges) }
        var writer = JSONWriter()
        writer.object { object in
            object.member("object", "list")
            object.member(
                "data",
                array: { list in for change in changes { list.object { change.write(into: &$0) } } })
        }
        return Response(json: writer.bytes)
    }

    /// Where keys are made.
    static let keysPath = "/v1/keys"
    /// How changes over HTTP are recorded.
    private static let actor = "operator"
    private static let mostChanges = 1000

    private func mayChange(_ context: HeraContext) -> Bool { context.isOperator || !needsKey }

    private func checkMayChange(_ context: HeraContext) throws {
        guard mayChange(context) else {
            throw ErrorReply(
                status: .forbidden,
                message: "only the operator may see and change this: send HERA_API_KEY, or use `hera keys`",
                type: "invalid_request_error", code: "operator_only")
        }
    }
}
