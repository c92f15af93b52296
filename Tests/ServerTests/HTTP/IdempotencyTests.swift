import Domain
import JSON
import Jobs
import Ledger
import ScriptedUpstream
import Steps
import Testing
import Upstream

@Suite("Idempotency-Key")
struct IdempotencyTests {
    private let usage = ScriptedUsage(promptTokens: 100, completionTokens: 10)
    private let question = #"{"model":"test/cheap","messages":[{"role":"user","content":"2+2"}]}"#
    private let key = [("idempotency-key", "k-1")]

    @Test("a repeated request is executed once, also while the first is in progress")
    func once() async throws {
        let usage = usage
        try await TestService.with { request in
            ScriptedReply.completion("answer \(request.number)", usage: usage).delayed(by: .milliseconds(100))
        } _: { service async throws in
            async let first = service.send("POST", "/v1/chat/completions", body: question, headers: key)
            async let second = service.send("POST", "/v1/chat/completions", body: question, headers: key)
            let texts = [try await first.text, try await second.text]
            let third = try await service.send("POST", "/v1/chat/completions", body: question, headers: key)
            #expect(Set(texts + [third.text]).count == 1)
            #expect(service.models.record.requests.count { $0.method == "POST" } == 1)
            #expect(third.headers["x-hera-cost-usd"] == "0.00012")
            let other = try await service.send(
                "POST", "/v1/chat/completions", body: question, headers: [("idempotency-key", "k-2")])
            #expect(other.text != third.text)
        }
    }

    @Test("the same key with another body is rejected, and a failure may be retried")
    func refused() async throws {
        let usage = usage
        try await TestService.with { request in
            request.number <= 2 ? .status(500) : .completion("4", usage: usage)
        } _: { service async throws in
            let failed = try await service.send("POST", "/v1/chat/completions", body: question, headers: key)
            #expect(failed.status == 502)
            let tried = try await service.send("POST", "/v1/chat/completions", body: question, headers: key)
            #expect(tried.status == 200)
            let another = question.replacing("2+2", with: "3+3")
            let mistaken = try await service.send("POST", "/v1/chat/completions", body: another, headers: key)
            #expect(mistaken.status == 422)
            #expect(mistaken.text.contains("another body"))
        }
    }

    @Test("a repeated job submission creates one job")
    func job() async throws {
        let usage = usage
        try await TestService.with { _ in
            .completion("4", usage: usage)
        } _: { service async throws in
            let body = #"{"input":"x"}"#
            let first = try await service.send("POST", "/v1/jobs", body: body, headers: key)
            let second = try await service.send("POST", "/v1/jobs", body: body, headers: key)
            #expect([first.status, second.status] == [201, 201])
            #expect(try await service.stepService.ledger.read { try $0.jobs(in: [], limit: 10) }.count == 1)
        }
    }

    @Test("a request repeated at two nodes is executed once, and its response survives a restart")
    func nodes() async throws {
        let usage = usage
        try await TestService.withNodes(3) { request in
            ScriptedReply.completion("answer \(request.number)", usage: usage).delayed(by: .milliseconds(150))
        } _: { nodes async throws in
            async let first = nodes[0].send("POST", "/v1/chat/completions", body: question, headers: key)
            async let second = nodes[1].send("POST", "/v1/chat/completions", body: question, headers: key)
            let answers = [try await first, try await second]
            // The third node has no local state of the request.
            let third = try await nodes[2].send("POST", "/v1/chat/completions", body: question, headers: key)
            for name in ["x-hera-decision", "x-hera-model", "x-hera-cost-usd", "content-type"] {
                #expect(Set((answers + [third]).map { $0.headers[name] }).count == 1)
                #expect(third.headers[name] != nil)
            }
            #expect(Set((answers + [third]).map(\.text)).count == 1)
            #expect((answers + [third]).allSatisfy { $0.status == 200 })
            #expect(answers.compactMap { $0.headers["idempotent-replayed"] } == ["true"])
            #expect(third.headers["idempotent-replayed"] == "true")
            #expect(nodes[0].models.record.requests.count { $0.method == "POST" } == 1)
            let another = question.replacing("2+2", with: "3+3")
            let mistaken = try await nodes[2].send("POST", "/v1/chat/completions", body: another, headers: key)
            #expect(mistaken.status == 422)
            let report = try await nodes[2].stepService.ledger.read { try $0.verify() }
            #expect(report.isSound && report.entries == 1)
        }
    }

    @Test("idempotency keys are scoped to caller and route, and streams are not stored")
    func separate() async throws {
        let usage = usage
        try await TestService.with { request in
            request.bodyText.contains(#""stream":true"#)
                ? .stream(["a", "b"], usage: usage) : .completion("4", usage: usage)
        } _: { service async throws in
            var counts: [Int] = []
            func ask(_ path: String, _ body: String, _ access: [(String, String)] = []) async throws {
                let answer = try await service.send("POST", path, body: body, headers: key + access)
                #expect(answer.status < 300, "\(answer.text)")
                #expect(answer.headers["idempotent-replayed"] == nil)
                counts.append(service.models.record.requests.count { $0.method == "POST" })
            }
            try await ask("/v1/chat/completions", question)
            let own = try await service.stepService.ledger.createKey(AccessKey(createdAt: .now()), budgets: [])
            try await ask("/v1/chat/completions", question, [("authorization", "Bearer \(own)")])
            try await ask("/v1/route", question)
            let stream = question.replacing("{\"model\"", with: "{\"stream\":true,\"model\"")
            for _ in 0..<2 { try await ask("/v1/chat/completions", stream) }
            #expect(counts == [1, 2, 2, 3, 4])
        }
    }

    @Test("a batch and a job repeated at two nodes are created once, even if their node could not respond")
    func batch() async throws {
        let usage = usage
        try await TestService.withNodes(2) { _ in
            .completion("4", usage: usage)
        } _: { nodes async throws in
            let row = #"{"custom_id":"a","method":"POST","url":"/v1/chat/completions","body":\#(question)}"#
            let file = try await BatchClient(port: nodes[0].port).file(row)
            let batch =
                #"{"input_file_id":"\#(file)","endpoint":"/v1/chat/completions","completion_window":"24h"}"#
            for (path, body) in [("/v1/batches", batch), ("/v1/jobs", #"{"input":"x"}"#)] {
                var ids: Set<String?> = []
                for node in nodes + nodes {
                    let answer = try await node.send("POST", path, body: body, headers: key)
                    #expect(answer.status < 300, "\(answer.text)")
                    ids.insert(try JSONDocument(Array(answer.text.utf8)).root["id"]?.string)
                }
                #expect(ids.count == 1)
            }
            // Objects made before the node died are found by the claim's token.
            let ledger = nodes[1].stepService.ledger
            let made = try #require(try await ledger.read { try $0.jobs(in: [], limit: 10) }.first)
            var caller = Caller()
            let token = String(made.id.dropFirst("job_".count))
            caller.ticket = IdempotencyClaim(request: "r", lease: 2, token: token, isTakenOver: true)
            let scheduler = JobScheduler(stepService: nodes[1].stepService)
            let spec = try JobSpec(
                json: try JSONDocument(Array(#"{"input":"x"}"#.utf8)).root, basePolicy: Policy(kappa: .published))
            #expect(try await scheduler.submit(spec, from: caller).id == made.id)
            #expect(try await ledger.read { try $0.jobs(in: [], limit: 10) }.count == 1)
            #expect(try await ledger.read { try $0.batches(limit: 10) }.count == 1)
        }
    }

    @Test(
        "a key of no or too many bytes is refused, and a store that is away refuses the request before anybody is paid")
    func refusedKeys() async throws {
        try await TestService.with { _ in
            .status(500)
        } _: { service async throws in
            let long = [("idempotency-key", String(repeating: "k", count: 201))]
            let answer = try await service.send("POST", "/v1/chat/completions", body: question, headers: long)
            #expect(answer.status == 400)
            await service.stepService.ledger.close()
            let away = try await service.send("POST", "/v1/chat/completions", body: question, headers: key)
            #expect(away.status >= 500)
            #expect(service.models.record.requests.count { $0.method == "POST" } == 0)
        }
    }
}
