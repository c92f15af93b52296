import Batches
import Calls
import Domain
import HTTPTypes
import Hummingbird
import JSON
import Ledger
import Steps

/// Decisions as a list and one by one, and the runs that they belong to.
struct DecisionsController {
    let ledger: LedgerStore

    /// Most decisions that one request looks through.
    private static let mostScanned = 5000

    func addRoutes(to group: RouterGroup<HeraContext>) {
        group.get("decisions", use: list)
        group.get("decisions/{id}", use: decision)
        group.get("runs", use: runs)
    }

    /// Newest first. `after` is the id of the last one seen; a filter looks through at most 5,000 decisions.
    @Sendable
    func list(request: Request, context: HeraContext) async throws -> Response {
        let filter = try DecisionFilter(request)
        let limit = try Self.limit(request, standard: 50, most: 200)
        let key = context.caller.key
        let start = try await start(after: filter.after, for: context.caller)
        let (lines, scanned, last) = try await ledger.read { transaction in
            var position = start
            var found: [DecisionLine] = []
            var scanned = 0
            var isOver = false
            let money = DecisionMoney()
            while found.count < limit, scanned < Self.mostScanned, !isOver {
                let page = try transaction.decisions(
                    behind: position, from: filter.from, ofKey: key, limit: filter.isEmpty ? limit : 250)
                isOver = page.count < (filter.isEmpty ? limit : 250)
                for record in page {
                    scanned += 1
                    position = DecisionPosition(at: record.at, id: record.decision.id)
                    guard filter.mayMatch(record) else { continue }
                    let line = DecisionLine(
                        record: record, entries: try money.entries(of: record.decision, from: &transaction))
                    if filter.matches(line) { found.append(line) }
                    if found.count == limit { break }
                }
            }
            return (found, scanned, isOver && found.count < limit ? nil : position?.id)
        }
        var writer = JSONWriter(capacity: 512 * (lines.count + 1))
        writer.object { object in
            object.member("object", "list")
            object.member("data", array: { list in for line in lines { list.object { line.write(into: &$0) } } })
            object.member("scanned", scanned)
            object.member("has_more", last != nil)
            object.member("next_after", last)
        }
        return Response(json: writer.bytes)
    }

    /// The place of the last decision seen; nil for the start of the list.
    private func start(after id: String?, for caller: Caller) async throws -> DecisionPosition? {
        guard let id else { return nil }
        let record = try await ledger.read { try $0.decision(id) }
        guard let record, caller.sees(record.attribution) else {
            throw ServiceError.notFound(kind: "decision", id: id)
        }
        return DecisionPosition(at: record.at, id: id)
    }

    /// One decision with its candidates, tests, attempts and entries.
    @Sendable
    func decision(request: Request, context: HeraContext) async throws -> Response {
        let id = try context.parameters.require("id")
        let line = try await ledger.read { ledger -> DecisionLine? in
            guard let record = try ledger.decision(id), context.caller.sees(record.attribution) else { return nil }
            return DecisionLine(
                record: record, entries: try DecisionMoney().entries(of: record.decision, from: &ledger))
        }
        guard let line else { throw ServiceError.notFound(kind: "decision", id: id) }
        var writer = JSONWriter(capacity: 4096)
        writer.object {
            $0.member("at", line.record.at.description)
            $0.member("policy", line.entries.first?.call.policy)
            $0.member("answered_by", line.answered.rawValue)
            $0.member("true_cost_usd", raw: (line.cost?.description ?? "null").utf8)
            line.writeEntries(into: &$0)
        }
        // The report's members, then these.
        return Response(
            json: line.record.decision.report.dropLast() + [UInt8(ascii: ",")] + writer.bytes.dropFirst())
    }

    /// The runs of the latest decisions, the one with the newest step first.
    @Sendable
    func runs(request: Request, context: HeraContext) async throws -> Response {
        let limit = try Self.limit(request, standard: 30, most: 100)
        let key = context.caller.key
        let runs = try await ledger.read { transaction in
            var runs: [RunLine] = []
            var places: [String: Int] = [:]
            for record in try transaction.decisions(behind: nil, ofKey: key, limit: 1000) {
                let id = record.decision.runID
                if let place = places[id] {
                    runs[place].add(record)
                } else if runs.count < limit {
                    places[id] = runs.count
                    runs.append(RunLine(record))
                }
            }
            for index in runs.indices { runs[index].entries = try transaction.entries(ofRun: runs[index].id) }
            return runs
        }
        var writer = JSONWriter(capacity: 256 * (runs.count + 1))
        writer.object { object in
            object.member("object", "list")
            object.member("data", array: { list in for run in runs { list.object { run.write(into: &$0) } } })
        }
        return Response(json: writer.bytes)
    }

    private static func limit(_ request: Request, standard: Int, most: Int) throws -> Int {
        guard let text = request.uri.queryParameters["limit"] else { return standard }
        guard let number = Int(text), (1...most).contains(number) else {
            throw FieldError("limit", "must be a whole number from 1 to \(most)")
        }
        return number
    }
}

/// The entries of decisions, read once for each run.
final class DecisionMoney {
    /// By run and decision.
    private var runs: [String: [String?: [LedgerEntry]]] = [:]

    func entries(of decision: Decision, from ledger: inout LedgerTransaction) throws -> [LedgerEntry] {
        if runs[decision.runID] == nil {
            let entries = try ledger.entries(ofRun: decision.runID)
            runs[decision.runID] = Dictionary(grouping: entries) { $0.call.decisionID }
        }
        return runs[decision.runID]?[decision.id] ?? []
    }
}

/// Which decisions a list shows.
struct DecisionFilter: Sendable {
    /// The last decision seen.
    let after: String?
    let from: Timestamp?
    private let model: String?
    private let stage: String?
    private let policy: String?
    private let run: String?
    /// Text in id, run, model, reason or asked name, in any case.
    private let text: String?

    init(_ request: Request) throws(FieldError) {
        let parameters = request.uri.queryParameters
        func value(_ name: Substring) -> String? { parameters[name].map(String.init).flatMap { $0.isEmpty ? nil : $0 } }
        after = value("after")
        from = try DashboardQuery.moment(value("from"), field: "from")
        model = value("model")
        stage = value("stage")
        policy = value("policy")
        run = value("run")
        text = value("q")?.lowercased()
    }

    var isEmpty: Bool { model == nil && stage == nil && policy == nil && run == nil && text == nil }

    /// What can be told without the entries.
    func mayMatch(_ record: DecisionRecord) -> Bool {
        let decision = record.decision
        if let stage, decision.stage.rawValue != stage { return false }
        if let run, decision.runID != run { return false }
        if let model {
            let models = [decision.model] + decision.attempts.map(\.model)
            guard models.contains(where: { $0.rawValue == model }) else { return false }
        }
        guard let text else { return true }
        return [
            decision.id, decision.runID, decision.model.rawValue, decision.reason, decision.requestedModel ?? "",
            record.attribution.team ?? "", record.attribution.job ?? "",
        ].contains { $0.lowercased().contains(text) }
    }

    func matches(_ line: DecisionLine) -> Bool {
        guard let policy else { return true }
        let name = line.entries.first?.call.policy
        return name == policy || (policy == "default" && name == nil)
    }
}
