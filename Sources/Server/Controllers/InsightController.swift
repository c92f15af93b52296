import Batches
import Calls
import Domain
import HTTPTypes
import Hummingbird
import JSON
import Ledger
import Steps

/// Promised against measured quality, and recorded decisions under another policy.
struct InsightController {
    let ledger: LedgerStore
    let settings: CurrentSettings
    let learning: Learning

    private static let mostDecisions = 1000

    func addRoutes(to group: RouterGroup<HeraContext>) {
        group.get("quality", use: quality)
        group.get("whatif", use: whatIf)
        group.post("whatif", use: whatIf)
    }

    /// Measured quality of a time, by policy and model and by day.
    @Sendable
    func quality(request: Request, context: HeraContext) async throws -> Response {
        let parameters = request.uri.queryParameters
        let now = Timestamp.now()
        let query = try DashboardQuery(
            from: parameters["from"].map(String.init), to: nil, groupBy: nil,
            range: parameters["range"].map(String.init), now: now)
        let report = try await QualityReport(of: learning, in: ledger, since: query.from)
        let observations = try await ledger.read { try $0.latestObservations(limit: 5000) }
        let days = QualityDays(observations.filter { $0.at >= query.from })
        var writer = JSONWriter()
        writer.object { object in
            object.member("object", "quality")
            object.member("from", query.from.description)
            object.member("to", query.to.description)
            report.write(into: &object)
            object.member("days", array: { list in days.write(into: &list) })
        }
        return Response(json: writer.bytes)
    }

    /// The latest decisions under an assumption, by their own predictions; without a body, under the default dial.
    @Sendable
    func whatIf(request: Request, context: HeraContext) async throws -> Response {
        var request = request
        var assumption = WhatIf.Assumption()
        var limit = Self.mostDecisions
        if request.method == .post {
            let body = try await request.json(upTo: 1 << 20)
            assumption = try WhatIf.Assumption(json: body.root)
            if let value = body.root["limit"] {
                guard let number = value.integer, (1...Int64(Self.mostDecisions)).contains(number) else {
                    throw FieldError("limit", "must be a whole number from 1 to \(Self.mostDecisions)")
                }
                limit = Int(number)
            }
        } else {
            assumption.maxLoss = settings.value.defaultPolicy.maxLoss
        }
        let key = context.caller.key
        let records = try await ledger.read { [limit] in
            try $0.decisions(behind: nil, ofKey: key, limit: limit)
        }
        let whatIf = WhatIf(records.map(\.decision))
        var writer = JSONWriter(capacity: 8192)
        writer.object { object in
            object.member("object", "whatif")
            object.member("from", records.last?.at.description)
            object.member("to", records.first?.at.description)
            object.member("left_out", whatIf.leftOut)
            object.member("max_loss", assumption.maxLoss)
            object.member("present", object: { whatIf.present.write(into: &$0) })
            object.member("reference", object: { whatIf.baseline.write(into: &$0) })
            object.member("assumed", object: { whatIf.outcome(assumption).write(into: &$0) })
            object.member(
                "curve",
                array: { list in
                    for point in whatIf.curve(assumption) {
                        list.object {
                            $0.member("max_loss", point.maxLoss)
                            point.outcome.write(into: &$0)
                        }
                    }
                })
        }
        return Response(json: writer.bytes)
    }
}
