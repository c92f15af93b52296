import Domain
import Foundation
import JSON
import Ledger
import ScriptedUpstream
import Testing

extension NodeTests {
    @Test("a key's rate limit holds over all nodes")
    func rates() async throws {
        try await Self.withNodes(count: 2, hasKey: true) { nodes, _, database async throws in
            let key = try HeraProcess.command(["keys", "create", "--rpm", "20", "--database", database])
            @Sendable func status(_ node: HeraProcess) async throws -> Int {
                let body = #"{"model":"hera","messages":[{"role":"user","content":"hello"}]}"#
                return try await node.answer("POST", "/v1/route", body: body, key: key).status
            }
            for node in nodes { for _ in 0..<12 { _ = try await status(node) } }
            // Polled slowly: one node's own bucket would not be empty at the eighth poll.
            var last: [Int] = []
            for _ in 0..<8 where last != [429, 429] {
                try await Task.sleep(for: .seconds(2))
                last = [try await status(nodes[0]), try await status(nodes[1])]
            }
            #expect(last == [429, 429])
            let ledger = try LedgerStore.open(database)
            try await ledger.exchangeRates(at: .now())
            let known = try #require(try await ledger.read { try $0.keys() }.first { $0.requestsPerMinute == 20 })
            #expect(ledger.admit(known, at: .now()) != nil, "a node that starts hears of it too")
            await ledger.close()
        }
    }

    @Test("nodes with different catalogs book each call at the price of the node that made it, and the books hold")
    func catalogs() async throws {
        try await Self.withNodes(count: 2, prices: [1, 3]) { nodes, _, database async throws in
            let chat = #"{"model":"hera","messages":[{"role":"user","content":"hello"}]}"#
            for (index, node) in nodes.enumerated() {
                let headers = ["x-hera-session": "on-node-\(index)"]
                let answer = try await node.answer("POST", "/v1/chat/completions", body: chat, headers: headers)
                #expect(answer.status == 200)
            }
            let ledger = try LedgerStore.open(database)
            var versions: [String] = []
            for (index, price) in [Int64(1), 3].enumerated() {
                let entries = try await ledger.read { try $0.entries(ofRun: "on-node-\(index)") }
                let entry = try #require(entries.first { $0.kind == .call }, "the call on node \(index)")
                // 50 input tokens at the node's price, 5 output tokens at 2 USD per million.
                let cost = Money(nanoUSD: 50 * price * 1000 + 5 * 2000)
                #expect(entry.result.figures.cost.api == cost)
                #expect(entry.call.baseline?.figures.cost.api == cost, "savings compare prices of one catalog")
                #expect(entry.call.priceAsOf?.description == "2026-11-0\(index + 1)")
                versions.append(entry.call.catalogVersion)
            }
            #expect(Set(versions).count == 2, "\(versions)")
            let totals = try await nodes[0].request("GET", "/v1/dashboard")["totals"]
            #expect(totals?["calls"]?.integer == 2)
            #expect(try await ledger.read { try $0.verify() }.isSound)
            await ledger.close()
            // Each catalog reprices its own entries only.
            for node in nodes {
                _ = try HeraProcess.command(
                    ["ledger", "verify", "--database", database, "--catalog", node.folder.path + "/Catalog"])
            }
        }
    }

    @Test("64 clients on three nodes spend what a budget affords, and the models' own bill is the ledger's")
    func hotBudget() async throws {
        try await Self.withNodes(count: 3, hasKey: true) { nodes, models, database async throws in
            let limit: Int64 = 6_000_000
            let key = try HeraProcess.command(["keys", "create", "--budget", "0.006", "--database", database])
            let chat = #"{"model":"hera","messages":[{"role":"user","content":"hello"}]}"#
            let statuses = try await withThrowingTaskGroup(of: [Int].self) { group in
                for client in 0..<64 {
                    group.addTask {
                        var statuses: [Int] = []
                        for attempt in 0..<(Self.isLong ? 6 : 2) {
                            let node = nodes[(client + attempt) % nodes.count]
                            statuses.append(
                                try await node.answer("POST", "/v1/chat/completions", body: chat, key: key).status)
                        }
                        return statuses
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(Set(statuses).isSubset(of: [200, 402]), "\(Set(statuses))")
            // Reservations exceed bills: refunds are spent, call by call, until the first refusal.
            var answered = statuses.count { $0 == 200 }
            while try await nodes[answered % 3].answer("POST", "/v1/chat/completions", body: chat, key: key).status
                == 200
            {
                answered += 1
            }
            let ledger = try LedgerStore.open(database)
            let status = try #require(
                try await ledger.read { try $0.budgets(of: nil, at: .now()) }.first { $0.spent > 0 })
            #expect(status.spent == Int64(answered) * 60_000)
            #expect(status.spent <= limit && status.reserved == 0)
            #expect(models.record.requests.count { $0.method == "POST" } == answered)
            // Another call would have exceeded it: 256 output tokens at 2,000 nano-USD and some prompt bytes at 1,000.
            #expect(limit - status.spent < 256 * 2000 + 200 * 1000)
            #expect(try await ledger.read { try $0.verify() }.isSound)
            await ledger.close()
        }
    }
}
