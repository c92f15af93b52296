import Calls
import Dialects
import Domain
import JSON
import Ledger
import ScriptedUpstream
import Steps
import TestSupport
import Testing
import Upstream

@Suite("Chat over HTTP")
struct ChatTests {
    private let question = #"{"model":"hera","messages":[{"role":"user","content":"What is 2+2?"}],"seed":7}"#
    private let usage = ScriptedUsage(promptTokens: 100, completionTokens: 10)

    @Test("an answer comes with its model, decision and true cost, and is in the ledger")
    func completion() async throws {
        let usage = usage
        try await TestService.with { _ in
            .completion("4", usage: usage)
        } _: { service async throws in
            let answer = try await service.send("POST", "/v1/chat/completions", body: question)
            #expect(answer.status == 200)
            let root = try JSONDocument(Array(answer.text.utf8)).root
            #expect(root["choices"]?.elements.first { _ in true }?["message"]?["content"]?.string == "4")
            let model = try #require(answer.headers["x-hera-model"])
            // 100 x 1 + 10 x 2 USD per million, or ten times that
            #expect(answer.headers["x-hera-cost-usd"] == (model == "test/cheap" ? "0.00012" : "0.0012"))
            let sent = try #require(service.models.record.requests.last)
            #expect(sent.model == model, "the upstream is asked by the name that it knows")
            #expect(sent.bodyText.contains(#""seed":7"#), "members that Hera does not know go along")
            let decision = try #require(answer.headers["x-hera-decision"])
            let stored = try await service.json("GET", "/v1/decisions/\(decision)")
            #expect(stored.root["model"]?.string == model)
            #expect(stored.root["candidates"]?.count == 2)
            let totals = try await service.json("GET", "/v1/dashboard").root["totals"]
            #expect(totals?["calls"]?.integer == 1)
            #expect(totals?["baseline_cost_usd"]?.numberText == "0.0012")
            #expect(try await service.stepService.ledger.read { try $0.openReservations() }.isEmpty)
            #expect(try await service.stepService.ledger.read { try $0.verify() }.isSound)
        }
    }

    @Test("a stream comes through piece by piece, ends with [DONE], and is booked by its usage")
    func stream() async throws {
        let usage = usage
        try await TestService.with { _ in
            .stream(["The ", "answer ", "is 4."], usage: usage)
        } _: { service async throws in
            let body = #"{"model":"test/cheap","stream":true,"messages":[{"role":"user","content":"2+2"}]}"#
            let answer = try await service.send("POST", "/v1/chat/completions", body: body)
            #expect(answer.status == 200)
            #expect(answer.headers["content-type"] == "text/event-stream")
            #expect(answer.text.hasSuffix("data: [DONE]\n\n"))
            #expect(!answer.text.contains(#""choices":[]"#), "the usage chunk was not asked for")
            var reader = ChatStreamReader(wire: .openAI, host: "test")
            _ = try reader.feed(Array(answer.text.utf8))
            #expect(reader.answer.text == "The answer is 4.")
            let totals = try await service.json("GET", "/v1/dashboard").root["totals"]
            #expect(totals?["cost_usd"]?.numberText == "0.00012")
            let asked = try #require(service.models.record.requests.last)
            #expect(asked.bodyText.contains("include_usage"))
        }
    }

    @Test("the usage chunk goes to those who ask for it")
    func usageChunk() async throws {
        let usage = usage
        try await TestService.with { _ in
            .stream(["x"], usage: usage)
        } _: { service async throws in
            let body =
                #"{"model":"test/cheap","stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"2+2"}]}"#
            #expect(
                try await service.send("POST", "/v1/chat/completions", body: body).text.contains(#""total_tokens":110"#)
            )
        }
    }

    @Test("a client that hangs up in the middle of a stream does not lose the spend")
    func hangUp() async throws {
        let usage = ScriptedUsage(promptTokens: 100, completionTokens: 200)
        let pieces = (0..<200).map { "word\($0) " }
        var settings = Settings()
        settings.limits.abandoned = .read
        try await TestService.with(settings: settings) { _ in
            .stream(pieces, usage: usage, delayBetween: .milliseconds(5))
        } _: { service async throws in
            let body = #"{"model":"test/cheap","stream":true,"messages":[{"role":"user","content":"write"}]}"#
            let response = try await service.client.send(
                UpstreamRequest(
                    url: "http://127.0.0.1:\(service.port)/v1/chat/completions",
                    headers: [("content-type", "application/json")], body: Array(body.utf8)))
            var read = response.body.makeAsyncIterator()
            _ = try await read.next(isolation: nil)
            response.cancel()
            let booked = try await waitFor("the entry") { () async throws -> LedgerEntry? in
                let totals = try await service.stepService.ledger.read {
                    try $0.dashboard(
                        DashboardQuery(
                            from: Timestamp(milliseconds: 0), to: Timestamp(milliseconds: .max), groupBy: [.session]))
                }
                guard let session = totals.rows.first?.keys.first else { return nil }
                return try await service.stepService.ledger.read { try $0.entries(ofRun: session) }.first
            }
            #expect(booked.result.outcome == .clientGone)
            #expect(booked.result.usage.output == 200)
            #expect(booked.result.figures.cost.total.nanoUSD == 100 * 1000 + 200 * 2000)
        }
    }

    @Test("where the chosen model fails the next one answers, and only what was billed is booked")
    func fallback() async throws {
        let usage = usage
        try await TestService.with { request in
            request.model == "test/cheap" ? .status(503) : .completion("4", usage: usage)
        } _: { service async throws in
            let answer = try await service.send("POST", "/v1/chat/completions", body: question)
            #expect(answer.status == 200)
            #expect(answer.headers["x-hera-model"] == "test/dear")
            #expect(answer.headers["x-hera-cost-usd"] == "0.0012")
            #expect(service.models.record.requests.map(\.model).suffix(2) == ["test/cheap", "test/dear"])
            let id = try #require(answer.headers["x-hera-decision"])
            let decision = try await service.json("GET", "/v1/decisions/\(id)").root
            #expect(decision["model"]?.string == "test/dear")
            let attempts = Array(try #require(decision["attempts"]?.elements))
            #expect(attempts.map { $0["model"]?.string } == ["test/cheap", "test/dear"])
            #expect(attempts.map { $0["entry"]?.string == nil } == [true, false])
            let totals = try await service.json("GET", "/v1/dashboard").root["totals"]
            #expect(totals?["calls"]?.integer == 1)
            #expect(try await service.stepService.ledger.read { try $0.openReservations() }.isEmpty)
        }
    }

    @Test("a broken stream ends with an error event, and is booked")
    func brokenStream() async throws {
        let usage = usage
        let broken = ScriptedReply.stream(["one ", "two ", "three"], usage: usage).cut(afterBytes: 600, by: .reset)
        try await TestService.with { _ in
            broken
        } _: { service async throws in
            let body = #"{"model":"test/cheap","stream":true,"messages":[{"role":"user","content":"2+2"}]}"#
            let answer = try await service.send("POST", "/v1/chat/completions", body: body)
            #expect(answer.text.contains(#""error""#))
            #expect(!answer.text.contains("[DONE]"))
            let totals = try await service.json("GET", "/v1/dashboard").root["totals"]
            #expect(totals?["failures"]?.integer == 1)
            #expect(totals?["uncertain"]?.integer == 1)
            #expect(try await service.stepService.ledger.read { try $0.openReservations() }.isEmpty)
        }
    }

    @Test("64 callers at once are all answered and all booked")
    func many() async throws {
        let usage = usage
        try await TestService.with { _ in
            .completion("4", usage: usage)
        } _: { service async throws in
            try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<256 {
                    group.addTask { try await service.send("POST", "/v1/chat/completions", body: question).status }
                }
                for try await status in group { #expect(status == 200) }
            }
            let totals = try await service.json("GET", "/v1/dashboard").root["totals"]
            #expect(totals?["calls"]?.integer == 256)
            #expect(try await service.stepService.ledger.read { try $0.verify() }.isSound)
        }
    }
}
