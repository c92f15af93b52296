import Domain
import Foundation
import JSON
import Ledger
import ScriptedUpstream
import Steps
import Testing
import Upstream

/// The routes behind the page.
@Suite("Views over HTTP")
struct ViewTests {
    private static let question = #"{"model":"hera","messages":[{"role":"user","content":"What is 2+2?"}]}"#
    private static let usage = ScriptedUsage(promptTokens: 100, completionTokens: 10)

    /// A service that answered some questions.
    private static func with(
        _ calls: Int, key: String? = nil, _ body: @escaping @Sendable (TestService) async throws -> Void
    ) async throws {
        try await TestService.with(key: key) { _ in
            .completion("4", usage: usage)
        } _: { service async throws in
            for number in 0..<calls {
                var headers = [("x-hera-session", "run-\(number % 2)")]
                if let key { headers.append(("authorization", "Bearer \(key)")) }
                let answer = try await service.send("POST", "/v1/chat/completions", body: question, headers: headers)
                #expect(answer.status == 200, "\(answer.text)")
            }
            try await body(service)
        }
    }

    @Test("decisions come newest first, page by page, each once, with their true cost")
    func decisions() async throws {
        try await Self.with(5) { service async throws in
            var seen: [String] = []
            var after = ""
            for _ in 0..<3 {
                let page = try await service.json("GET", "/v1/decisions?limit=2\(after)").root
                let data = try #require(page["data"]?.elements)
                for line in data {
                    seen.append(try #require(line["id"]?.string))
                    let one = try await service.json("GET", "/v1/decisions/\(seen.last ?? "")").root
                    #expect(one["true_cost_usd"]?.numberText == line["cost_usd"]?.numberText)
                    #expect(Self.count(one["entries"]) == 1 && line["calls"]?.integer == 1)
                    #expect(line["cost_usd"]?.double ?? 0 > 0)
                }
                guard page["has_more"]?.boolean == true else { break }
                after = "&after=\(try #require(page["next_after"]?.string))"
            }
            #expect(seen.count == 5 && Set(seen).count == 5)
            let all = try await service.json("GET", "/v1/decisions").root
            let times = all["data"]?.elements.map { $0["at"]?.string ?? "" }
            #expect(times == times?.sorted(by: >))
        }
    }

    @Test(
        "a filter of decisions keeps those that match", arguments: [("run=run-0", 3), ("run=none", 0), ("q=RUN-1", 2)])
    func filters(query: String, count: Int) async throws {
        try await Self.with(5) { service async throws in
            let list = try await service.json("GET", "/v1/decisions?\(query)").root
            #expect(Self.count(list["data"]) == count)
            #expect(list["scanned"]?.integer == 5)
        }
    }

    @Test("dashboard, series, decisions, runs and export agree on calls and money to the nano-dollar")
    func agreement() async throws {
        try await Self.with(4) { service async throws in
            let report = try await service.json("GET", "/v1/dashboard?range=day&interval=hour&tz=Europe/Berlin").root
            let total = try #require(report["totals"]?["cost_usd"]?.numberText).asMoney
            func sum(_ rows: [JSONValue]) -> Money {
                rows.reduce(Money.zero) { sum, row in
                    (try? sum.adding((row["cost_usd"]?.numberText ?? "0").asMoney)) ?? sum
                }
            }
            #expect(report["totals"]?["calls"]?.integer == 4 && total > .zero)
            #expect(sum(Self.rows(of: report)) == total)
            for path in ["/v1/decisions", "/v1/runs"] {
                let list = try await service.json("GET", path).root
                #expect(sum(Array(try #require(list["data"]?.elements))) == total, "\(path)")
            }
            let minutes = try await service.json("GET", "/v1/dashboard?range=hour&interval=5min").root
            #expect(sum(Self.rows(of: minutes)) == total)
        }
    }

    /// The length of a list; -1 where there is none.
    private static func count(_ list: JSONValue?) -> Int { list.map { Array($0.elements).count } ?? -1 }

    /// The rows of all spans of a series.
    private static func rows(of report: JSONValue) -> [JSONValue] {
        var rows: [JSONValue] = []
        if let spans = report["series"]?.elements {
            for span in spans { if let own = span["rows"]?.elements { rows += own } }
        }
        return rows
    }

    @Test("days of a series begin at the zone's midnight, and sum to the same")
    func localDays() async throws {
        try await Self.with(2) { service async throws in
            let report = try await service.json("GET", "/v1/dashboard?range=week&interval=day&tz=Asia/Kolkata").root
            let start = try #require(report["series"]?.elements.first { _ in true }?["start"]?.string)
            #expect(start.hasSuffix("T18:30:00.000Z"), "\(start) is midnight in Kolkata")
            #expect(report["tz"]?.string == "Asia/Kolkata")
        }
    }

    @Test(
        "what a view cannot read is a 400 that names the field",
        arguments: [
            ("dashboard?range=fortnight", "range"), ("dashboard?range=day&from=0", "range"),
            ("dashboard?interval=second", "interval"), ("dashboard?range=year&interval=hour", "interval"),
            ("dashboard?interval=day&tz=Mars/Base", "tz"), ("decisions?limit=0", "limit"), ("runs?limit=x", "limit"),
            ("decisions?from=yesterday", "from"), ("quality?range=ages", "range"),
        ])
    func refusals(path: String, field: String) async throws {
        try await Self.with(0) { service async throws in
            let answer = try await service.json("GET", "/v1/\(path)")
            #expect(answer.status == 400)
            #expect(answer.root["error"]?["param"]?.string == field)
        }
    }

    @Test("budgets have their use and what they come to by the window's end")
    func budgets() async throws {
        try await Self.with(2) { service async throws in
            let budget = try Budget("5/month", scope: .global)
            try await service.stepService.ledger.write { try $0.setBudget(budget, at: .now()) }
            let list = try await service.json("GET", "/v1/budgets").root
            let line = try #require(list["data"]?.elements.first { _ in true })
            let total = try await service.json("GET", "/v1/dashboard").root["totals"]?["cost_usd"]?.numberText
            #expect(line["spent"]?.numberText == total)
            #expect(line["limit"]?.numberText == "5" && line["scope"]?.string == "global")
            #expect(line["window_end"]?.string != nil)
        }
    }

    @Test("a key is made and revoked with the operator's key alone, and its secret is shown once")
    func keys() async throws {
        try await Self.with(0, key: "operator") { service async throws in
            let boss = [("authorization", "Bearer operator")]
            let body = #"{"label":"ci","team":"red","budgets":["1/day"]}"#
            let made = try await service.send("POST", "/v1/keys", body: body, headers: boss)
            let key = try JSONDocument(Array(made.text.utf8)).root
            let (id, secret) = (try #require(key["id"]?.string), try #require(key["key"]?.string))
            #expect(made.status == 201)
            let own = [("authorization", "Bearer \(secret)")]
            let listed = try await service.send("GET", "/v1/keys", headers: own).text
            #expect(listed.contains(id) && !listed.contains(secret) && listed.contains(#""may_change":false"#))
            #expect(try await service.send("POST", "/v1/keys", body: "{}", headers: own).status == 403)
            #expect(try await service.send("DELETE", "/v1/keys/\(id)", headers: own).status == 403)
            let wrong = try await service.send("POST", "/v1/keys", body: #"{"budgets":["much"]}"#, headers: boss)
            #expect(wrong.status == 400 && wrong.text.contains("budgets[0]"))
            #expect(try await service.send("DELETE", "/v1/keys/\(id)", headers: boss).status == 200)
            #expect(try await service.send("GET", "/v1/keys", headers: own).status == 401)
            #expect(try await service.send("DELETE", "/v1/keys/nobody", headers: boss).status == 404)
        }
    }

    @Test("a key sees only its own decisions and runs")
    func ownership() async throws {
        try await Self.with(3, key: "operator") { service async throws in
            let secret = try await service.stepService.ledger.createKey(AccessKey(createdAt: .now()), budgets: [])
            for path in ["/v1/decisions", "/v1/runs"] {
                let own = try await service.send("GET", path, headers: [("authorization", "Bearer \(secret)")])
                #expect(try Self.count(JSONDocument(Array(own.text.utf8)).root["data"]) == 0)
                let all = try await service.send("GET", path, headers: [("authorization", "Bearer operator")])
                #expect(try Self.count(JSONDocument(Array(all.text.utf8)).root["data"]) > 0)
            }
        }
    }

    @Test("a name of a hostile caller stays text in every view")
    func hostile() async throws {
        try await Self.with(0) { service async throws in
            let headers = [("x-hera-session", "<script>alert(1)</script>")]
            _ = try await service.send("POST", "/v1/chat/completions", body: Self.question, headers: headers)
            let answer = try await service.send("GET", "/v1/runs")
            #expect(answer.headers["content-type"]?.hasPrefix("application/json") == true)
            #expect(try Self.count(JSONDocument(Array(answer.text.utf8)).root["data"]) == 1)
        }
    }

    @Test("the page's files come with a policy that allows no inline script")
    func page() async throws {
        try await Self.with(0, key: "operator") { service async throws in
            let page = try await service.send("GET", "/dashboard")
            let policy = try #require(page.headers["content-security-policy"])
            #expect(policy.contains("script-src 'self'") && !policy.contains("unsafe"))
            #expect(!page.text.contains("<script>") && !page.text.contains("style="))
            for file in ["page.css", "charts.js", "views.js", "page.js", "icon.svg"] {
                #expect(page.text.contains("dashboard/\(file)"))
                #expect(try await service.send("GET", "/dashboard/\(file)").status == 200)
            }
        }
    }
}

extension String {
    /// An exact amount of USD; zero for no amount.
    fileprivate var asMoney: Money { (try? Money(usd: self)) ?? .zero }
}
