import Domain
import Foundation
import JSON
import Ledger
import ScriptedUpstream
import Synchronization
import TestSupport
import Testing

/// Several `hera serve` processes on one PostgreSQL database.
@Suite(
    "Nodes that share a database", .serialized,
    .enabled(if: TemporaryPostgreSQL.isAvailable, "no PostgreSQL server is here"))
struct NodeTests {
    /// HERA_CHAOS=1 kills and restarts many times.
    static let isLong = ProcessInfo.processInfo.environment["HERA_CHAOS"] == "1"
    static let usage = ScriptedUsage(promptTokens: 50, completionTokens: 5)
    static let calculatorJob = #"{"input":"6*7?","agent":{"tools":[{"type":"calculator"}]}}"#

    @Test("a job whose node is killed is finished by another one within the lease, and every call is booked")
    func takeover() async throws {
        try await TemporaryPostgreSQL.with { server in
            let database = server.url
            let asked = Mutex(0)
            try await ScriptedUpstream.with { request in
                let isFirst =
                    request.method == "POST"
                    && asked.withLock {
                        $0 += 1; return $0 == 1
                    }
                // The first call never ends: its node is killed meanwhile.
                return isFirst ? Self.reply(request).delayed(by: .seconds(120)) : Self.reply(request)
            } _: { models async throws in
                let folder = try HeraProcess.folder(modelsAt: models.baseURL)
                defer { try? FileManager.default.removeItem(at: folder) }
                let first = try await HeraProcess.start(in: folder, database: database, leaseSeconds: 2)
                defer { first.kill() }
                let id = try #require(
                    try await first.request("POST", "/v1/jobs", body: Self.calculatorJob)["id"]?.string)
                try await waitUntil("a call") { asked.withLock { $0 } == 1 }
                let second = try await HeraProcess.start(in: folder, database: database, leaseSeconds: 2)
                defer { second.kill() }
                // The other node polls several times meanwhile and leaves the job to its living owner.
                try await Task.sleep(for: .seconds(3))
                #expect(asked.withLock { $0 } == 1)
                first.kill()
                let job = try await Self.job(id, at: second, reaches: ["completed", "failed"])
                #expect(job["output"]?.string == "It is 42.")
                #expect(job["steps"]?.count == 2, "no step twice")
                // One of the other node's next heartbeats settles the dead node's call.
                try await waitUntil("the booking of the call that was under way") {
                    try await second.request("GET", "/v1/dashboard")["totals"]?["uncertain"]?.integer == 1
                }
                let totals = try await second.request("GET", "/v1/dashboard")["totals"]
                #expect(totals?["calls"]?.integer == 3, "two answered, and the one that was under way")
                #expect(totals?["uncertain"]?.integer == 1)
                #expect(asked.withLock { $0 } == 3)
                let ledger = try LedgerStore.open(database)
                #expect(try await ledger.read { try $0.job(id) }?.lease == 2)
                #expect(try await ledger.read { try $0.verify() }.isSound)
                await ledger.close()
            }
        }
    }

    @Test("tool outputs, cancels, revoked keys and budgets count on whichever node they arrive")
    func anywhere() async throws {
        try await Self.withNodes(count: 2, hasKey: true) { nodes, models, database async throws in
            let key = try HeraProcess.command(["keys", "create", "--budget", "20/month", "--database", database])
            let body = #"""
                {"input":"call the tool","agent":{"tools":[{"type":"function","function":{"name":"look",
                "description":"looks","parameters":{"type":"object","properties":{}}}}]}}
                """#
            let id = try #require(try await nodes[0].request("POST", "/v1/jobs", body: body, key: key)["id"]?.string)
            let paused = try await Self.job(id, at: nodes[1], reaches: ["requires_action"], key: key)
            let pending = paused["required_action"]?["tool_calls"]?.elements.compactMap { $0["id"]?.string } ?? []
            let call = try #require(pending.first)
            let outputs = #"{"tool_outputs":[{"tool_call_id":"\#(call)","output":"seen"}]}"#
            let accepted = try await nodes[1].answer("POST", "/v1/jobs/\(id)/tool_outputs", body: outputs, key: key)
            #expect(accepted.status == 200)
            let done = try await Self.job(id, at: nodes[0], reaches: ["completed", "failed"], key: key)
            #expect(done["output"]?.string == "It is 42.")

            let slow = try #require(
                try await nodes[0].request("POST", "/v1/jobs", body: #"{"input":"be slow"}"#, key: key)["id"]?.string)
            _ = try await Self.job(slow, at: nodes[0], reaches: ["running"], key: key)
            for node in nodes {
                let answer = try await node.answer("POST", "/v1/jobs/\(slow)/cancel", key: key)
                #expect([200, 409].contains(answer.status))
            }
            #expect(try await nodes[0].request("GET", "/v1/jobs/\(slow)", key: key)["status"]?.string == "cancelled")

            let chat = #"{"model":"hera","messages":[{"role":"user","content":"hello"}]}"#
            for node in nodes {
                #expect(try await node.answer("POST", "/v1/chat/completions", body: chat, key: key).status == 200)
            }
            let id2 = try #require(key.split(separator: "-").dropFirst().first.map(String.init))
            _ = try HeraProcess.command(["budgets", "set", "key:\(id2)", "0", "--database", database])
            for node in nodes {
                #expect(try await node.answer("POST", "/v1/chat/completions", body: chat, key: key).status == 402)
            }
            _ = try HeraProcess.command(["keys", "revoke", id2, "--database", database])
            for node in nodes {
                #expect(try await node.answer("POST", "/v1/chat/completions", body: chat, key: key).status == 401)
            }
            try await waitUntil("the cancelled call to be booked") { models.record.requests.count >= 4 }
            let ledger = try LedgerStore.open(database)
            #expect(try await ledger.read { try $0.verify() }.isSound)
            await ledger.close()
        }
    }

    @Test("a request of a killed node is executed by another, and the dead node's reservation is booked")
    func repeatedAfterDeath() async throws {
        try await TemporaryPostgreSQL.with { server in
            let asked = Mutex(0)
            try await ScriptedUpstream.with { request in
                if request.method == "GET" { return .models(["test/small"]) }
                let number = asked.withLock {
                    $0 += 1; return $0
                }
                let reply = ScriptedReply.completion("answer \(number)", usage: Self.usage)
                return number == 1 ? reply.delayed(by: .seconds(120)) : reply
            } _: { models async throws in
                let folder = try HeraProcess.folder(modelsAt: models.baseURL)
                defer { try? FileManager.default.removeItem(at: folder) }
                let first = try await HeraProcess.start(in: folder, database: server.url, leaseSeconds: 2)
                defer { first.kill() }
                let second = try await HeraProcess.start(in: folder, database: server.url, leaseSeconds: 2)
                defer { second.kill() }
                let chat = #"{"model":"hera","messages":[{"role":"user","content":"hello"}]}"#
                let headers = ["idempotency-key": "one"]
                let lost = Task {
                    try? await first.answer("POST", "/v1/chat/completions", body: chat, headers: headers)
                }
                try await waitUntil("a call") { asked.withLock { $0 } == 1 }
                // Repeated at the other node during the first execution, so it waits for the response.
                async let replayed = second.answer("POST", "/v1/chat/completions", body: chat, headers: headers)
                try await Task.sleep(for: .seconds(1))
                #expect(asked.withLock { $0 } == 1)
                first.kill()
                let answer = try await replayed
                _ = await lost.value
                let text = answer.root["choices"]?.elements.first { _ in true }?["message"]?["content"]?.string
                #expect(answer.status == 200 && text == "answer 2")
                let again = try await second.answer("POST", "/v1/chat/completions", body: chat, headers: headers)
                #expect(again.root["id"]?.string == answer.root["id"]?.string)
                #expect(asked.withLock { $0 } == 2)
                try await waitUntil("the booking of the call that was under way") {
                    try await second.request("GET", "/v1/dashboard")["totals"]?["uncertain"]?.integer == 1
                }
                let ledger = try LedgerStore.open(server.url)
                #expect(try await ledger.read { try $0.verify() }.isSound)
                await ledger.close()
            }
        }
    }

    @Test("while PostgreSQL restarts, calls wait or fail with a message, and no entry is lost")
    func restart() async throws {
        try await TemporaryPostgreSQL.with { server in
            try await ScriptedUpstream.with {
                Self.reply($0)
            } _: { models async throws in
                let folder = try HeraProcess.folder(modelsAt: models.baseURL)
                defer { try? FileManager.default.removeItem(at: folder) }
                let node = try await HeraProcess.start(in: folder, database: server.url, leaseSeconds: 3)
                defer { node.kill() }
                let chat = #"{"model":"hera","messages":[{"role":"user","content":"hello"}]}"#
                let calls = Task {
                    var statuses: [Int] = []
                    for _ in 0..<(Self.isLong ? 40 : 12) {
                        statuses.append(try await node.answer("POST", "/v1/chat/completions", body: chat).status)
                    }
                    return statuses
                }
                for round in 1...(Self.isLong ? 3 : 1) {
                    try await waitUntil("calls") { models.record.requests.count { $0.method == "POST" } >= round * 3 }
                    try server.crashAndRestart()
                }
                let statuses = try await calls.value
                #expect(statuses.allSatisfy { [200, 500, 503].contains($0) }, "\(statuses)")
                // A slow machine may use up its calls before the server has recovered.
                try await waitUntil("an answer after the restart") {
                    try await node.answer("POST", "/v1/chat/completions", body: chat).status == 200
                }
                let ledger = try LedgerStore.open(server.url)
                let answered = statuses.count { $0 == 200 } + 1
                #expect(try await ledger.read { try $0.verify() }.entries >= answered)
                #expect(try await ledger.read { try $0.verify() }.isSound)
                await ledger.close()
            }
        }
    }

    // MARK: Stage

    static func reply(_ request: ScriptedRequest) -> ScriptedReply {
        if request.method == "GET" { return .models(["test/small"]) }
        let text = request.bodyText
        if text.contains("be slow") { return .completion("done", usage: usage).delayed(by: .milliseconds(1500)) }
        let isAnswered = text.contains(#""role":"tool""#)
        if text.contains("call the tool"), !isAnswered { return .toolCall("look", arguments: "{}", usage: usage) }
        if text.contains("6*7"), !isAnswered {
            return .toolCall("calculator", arguments: #"{"expression":"6*7"}"#, usage: usage)
        }
        return .completion("It is 42.", usage: usage)
    }

    /// Starts nodes on one database, each with its own folder and leases of two seconds.
    static func withNodes(
        count: Int, prices: [Int] = [1, 1], hasKey: Bool = false,
        _ body: @escaping @Sendable ([HeraProcess], ScriptedUpstream, String) async throws -> Void
    ) async throws {
        try await TemporaryPostgreSQL.with { server in
            let database = server.url
            if hasKey { _ = try HeraProcess.command(["keys", "create", "--database", database]) }
            try await ScriptedUpstream.with {
                reply($0)
            } _: { models async throws in
                var nodes: [HeraProcess] = []
                defer { for node in nodes { node.kill() } }
                for index in 0..<count {
                    let folder = try HeraProcess.folder(
                        modelsAt: models.baseURL, inputPrice: index < prices.count ? prices[index] : 1,
                        priceDay: index + 1)
                    nodes.append(try await HeraProcess.start(in: folder, database: database, leaseSeconds: 2))
                }
                try await body(nodes, models, database)
            }
        }
    }

    static func job(
        _ id: String, at node: HeraProcess, reaches states: [String], key: String? = nil
    ) async throws -> JSONValue {
        try await waitFor("job \(id) to become \(states)") {
            let job = try await node.request("GET", "/v1/jobs/\(id)", key: key)
            return states.contains(job["status"]?.string ?? "") ? job : nil
        }
    }
}
