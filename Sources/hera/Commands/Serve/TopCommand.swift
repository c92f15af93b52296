import ArgumentParser
import Domain
import Foundation
import JSON
import Training

/// `hera top`: a running service, live.
struct TopCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "top", abstract: "Show a running service: calls, models, money, budgets and what rests.",
        discussion: """
            Draws anew every few seconds until it is interrupted. Where standard output is no terminal, or with --once, it \
            prints once. The key is HERA_API_KEY, where the service asks for one.
            """)

    @Option(name: .long, help: "Seconds between two looks.")
    var every = 2.0

    @Flag(name: .long, help: "Print once.")
    var once = false

    @Option(name: .long, help: "Output format: text or json.")
    var format: OutputFormat = .text

    @OptionGroup var service: RunningServiceOptions

    func validate() throws {
        guard (0.2...3600).contains(every) else { throw ValidationError("--every must be from 0.2 to 3600 seconds") }
    }

    func run() async throws {
        try await Exit.mapped {
            let url = try service.serviceURL
            let key = try Installation.environment(config: service.config)["HERA_API_KEY"]
            let isLive = !once && format == .text && isatty(STDOUT_FILENO) == 1
            try await ServiceClient.run(url, key: key) { client in
                repeat {
                    let look = try await ServiceLook(client)
                    if format == .json {
                        print(look.json)
                    } else {
                        print((isLive ? "\u{1b}[H\u{1b}[2J" : "") + look.text)
                    }
                    if isLive { try await Task.sleep(for: .seconds(every)) }
                } while isLive
            }
        }
    }
}

/// What a service said of its last hour, its models and its budgets.
struct ServiceLook: Sendable {
    private let url: String
    private let dashboard: JSONDocument
    private let budgets: JSONDocument

    init(_ client: ServiceClient) async throws {
        url = client.baseURL
        dashboard = try await Self.document("/v1/dashboard?range=hour&group_by=model", client)
        budgets = try await Self.document("/v1/budgets", client)
    }

    private static func document(_ path: String, _ client: ServiceClient) async throws -> JSONDocument {
        let answer = try await client.get(path)
        guard answer.status == 200, let document = answer.document else {
            let words = answer.document?.root["error"]?["message"]?.string ?? "status \(answer.status)"
            let advice = answer.status == 401 ? "; set HERA_API_KEY to a key of the service" : ""
            throw Exit(69, "\(client.baseURL)\(path): \(words)\(advice)")
        }
        return document
    }

    var json: String {
        var writer = JSONWriter()
        writer.object {
            $0.member("url", url)
            $0.member("dashboard", raw: dashboard.root.raw)
            $0.member("budgets", raw: budgets.root.raw)
        }
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    var text: String {
        let style = TextStyle(of: STDOUT_FILENO)
        let totals = dashboard.root["totals"]
        func money(_ row: JSONValue?, _ name: String) -> String { "$\(TextTable.fixed(row?[name]?.double ?? 0, 6))" }
        func whole(_ row: JSONValue?, _ name: String) -> String { "\(row?[name]?.integer ?? 0)" }
        func time(_ row: JSONValue?, _ name: String) -> String {
            row?[name]?.double.map { "\(TextTable.fixed($0, 2)) s" } ?? "-"
        }
        var lines = [
            style.bold("hera \(url)") + "  \(Timestamp.now())",
            "last hour: \(whole(totals, "calls")) calls, \(whole(totals, "failures")) failed, "
                + "\(money(totals, "cost_usd")) spent, \(money(totals, "savings_usd")) saved, "
                + "p95 \(time(totals, "latency_s_p95"))", "",
        ]
        let live = Self.list(dashboard.root["live"])
        var rows = [["MODEL", "STATE", "RUNNING", "WAITING", "CALLS", "FAILED", "SPENT", "P95"]]
        let byModel = Self.list(dashboard.root["rows"])
        for model in live {
            let name = model["model"]?.string ?? ""
            let row = byModel.first { $0["model"]?.string == name }
            rows.append([
                Self.shown(name), model["state"]?.string ?? "", whole(model, "busy"), whole(model, "waiting"),
                whole(row, "calls"), whole(row, "failures"), money(row, "cost_usd"), time(row, "latency_s_p95"),
            ])
        }
        if live.isEmpty { lines.append("no model is live") } else { lines += TextTable.lines(rows) { $0 >= 2 } }
        let limits = Self.list(budgets.root["data"])
        if !limits.isEmpty {
            lines.append("")
            var table = [["BUDGET", "WINDOW", "UNIT", "LIMIT", "SPENT", "RESERVED", "LEFT", "BY THE END"]]
            for budget in limits {
                var cells = [
                    Self.shown(budget["scope"]?.string ?? ""), budget["window"]?.string ?? "",
                    budget["unit"]?.string ?? "",
                ]
                for name in ["limit", "spent", "reserved", "left", "forecast_at_end"] {
                    cells.append(budget[name]?.numberText ?? "-")
                }
                table.append(cells)
            }
            lines += TextTable.lines(table) { $0 >= 3 }
        }
        return lines.joined(separator: "\n")
    }

    private static func list(_ value: JSONValue?) -> [JSONValue] { value.map { Array($0.elements) } ?? [] }

    /// A name on one line of a terminal: without control characters, and cut.
    private static func shown(_ name: String) -> String {
        String(name.unicodeScalars.prefix(48).map { $0.properties.generalCategory == .control ? "?" : Character($0) })
    }
}
