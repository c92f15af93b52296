import Domain
import Estimation
import JSON
import Steps
import Training

/// What `hera savings` found, for people and for programs.
struct SavingsReport {
    var forecast = SavingsForecast()
    /// Lines that are no requests, or that no model can serve.
    private(set) var leftOut = 0
    /// The first of them, in words.
    private(set) var firstFault: String?

    mutating func leaveOut(line: Int, because reason: String) {
        leftOut += 1
        firstFault = firstFault ?? "line \(line): \(reason)"
    }

    var text: String {
        var rows = [["model", "before", "with hera", "share", "predicted USD", "quality"]]
        let models = Set(forecast.models.keys).union(forecast.modelsBefore.keys)
        let count = forecast.routed.requests
        let requests = { (model: ModelID) in forecast.models[model]?.requests ?? 0 }
        for model in models.sorted(by: { (requests($1), $0) < (requests($0), $1) }) {
            let sums = forecast.models[model] ?? SavingsForecast.Sums()
            rows.append(
                [model.rawValue, "\(forecast.modelsBefore[model]?.requests ?? 0)", "\(sums.requests)"]
                    + Self.cells(sums, of: count))
        }
        rows.append(["together with hera", "", "\(count)"] + Self.cells(forecast.routed, of: count))
        rows.append(["as asked for then", "\(count)", ""] + Self.cells(forecast.before, of: count))
        return ([TextTable(rows).text, ""] + remarks).joined(separator: "\n")
    }

    private static func cells(_ sums: SavingsForecast.Sums, of count: Int) -> [String] {
        guard sums.requests > 0 else { return ["", "", ""] }
        return [
            TextTable.fixed(100 * Double(sums.requests) / Double(count), 1) + " %", TextTable.fixed(sums.cost.usd, 6),
            TextTable.fixed(sums.meanQuality, 2),
        ]
    }

    private var remarks: [String] {
        var lines: [String] = []
        if let share = forecast.savedShare {
            let change = forecast.routed.meanQuality - forecast.before.meanQuality
            let cost = share >= 0 ? "saves \(Self.percent(share))" : "costs \(Self.percent(-share)) more"
            let quality =
                change >= -0.005
                ? "at a predicted quality that is no lower"
                : "for \(TextTable.fixed(-100 * change, 1)) points of predicted quality"
            lines.append("hera \(cost) \(quality). These are predictions; nobody was called.")
        }
        if forecast.standIns > 0 {
            lines.append(
                "Of them \(forecast.standIns) name no model that the catalog has a price for: the best one stands in."
            )
        }
        if let firstFault { lines.append("Left out: \(leftOut) of the lines; the first is \(firstFault)") }
        return lines
    }

    private static func percent(_ share: Double) -> String { TextTable.fixed(100 * share, 1) + " % of the cost" }

    var json: [UInt8] {
        var writer = JSONWriter()
        writer.object { json in
            forecast.writeMembers(to: &json)
            json.member("left_out", leftOut)
            json.member("first_fault", firstFault)
        }
        return writer.bytes
    }
}
