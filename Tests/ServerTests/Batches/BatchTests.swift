import Calls
import Domain
import Foundation
import JSON
import Ledger
import ScriptedUpstream
import Steps
import TestSupport
import Testing

@Suite("Batches over HTTP")
struct BatchTests {
    static let usage = ScriptedUsage(promptTokens: 20, completionTokens: 4)

    /// Answers with the requesting row's name.
    static func answer(_ request: ScriptedRequest) -> ScriptedReply {
        .completion(BatchProcessTests.row(of: request), model: request.model, usage: usage)
    }

    static func with(
        _ settings: Settings = Settings(), key: String? = nil,
        script: @escaping @Sendable (ScriptedRequest) -> ScriptedReply = answer,
        _ body: @escaping @Sendable (TestService, BatchClient) async throws -> Void
    ) async throws {
        try await TestService.with(settings: settings, key: key, estimator: TestEstimator(), script: script) {
            service async throws in
            try await body(service, BatchClient(port: service.port, key: key))
        }
    }

    static func calls(_ service: TestService) -> Int {
        service.models.record.requests.count { $0.method == "POST" }
    }

    @Test("a batch goes from its file to its results: every row answered, wrong lines named, every cent booked")
    func whole() async throws {
        try await Self.with { service, client async throws in
            let wrong = "{oops\n" + BatchClient.row("row-2", text: "again") + "\n"
            let body = #","metadata":{"budget_usd":"0.5","who":"me"}"#
            let input = try await client.file(BatchClient.rows(1...20) + wrong)
            let created = try await client.create(input, more: body)
            #expect(created.status == 200, "\(created.text)")
            let first = try created.root
            let id = try #require(first["id"]?.string)
            #expect(first["object"]?.string == "batch" && first["input_file_id"]?.string == input)
            #expect(first["status"]?.string == "validating" && first["errors"]?.isNull == true)
            let made = try #require(first["created_at"]?.integer)
            #expect(first["expires_at"]?.integer == made + 86_400)

            let batch = try await client.wait(id)
            #expect(batch["status"]?.string == "completed")
            #expect(batch["completion_window"]?.string == "24h")
            #expect(batch["metadata"]?["who"]?.string == "me")
            let counts = batch["request_counts"]
            #expect(counts?["total"]?.integer == 22 && counts?["completed"]?.integer == 20)
            #expect(counts?["failed"]?.integer == 2)
            for moment in ["in_progress_at", "finalizing_at", "completed_at"] {
                #expect((batch[moment]?.integer ?? 0) >= made, "\(moment)")
            }
            for moment in ["failed_at", "expired_at", "cancelling_at", "cancelled_at"] {
                #expect(batch[moment]?.isNull == true)
            }
            #expect(batch["errors"]?["data"]?.elements.map { $0["line"]?.integer } == [21, 22])
            #expect(
                batch["errors"]?["data"]?.elements.map { $0["code"]?.string } == [
                    "invalid_json", "duplicate_custom_id",
                ])

            let answers = try await client.lines(batch, "output_file_id")
            #expect(answers.map { $0["custom_id"]?.string } == (1...20).map { "row-\($0)" })
            for line in answers {
                let text = line["response"]?["body"]?["choices"]?.elements.first { _ in true }?["message"]?["content"]
                #expect(text?.string == line["custom_id"]?.string && line["response"]?["status_code"]?.integer == 200)
            }
            let errors = try await client.lines(batch, "error_file_id")
            #expect(errors.map { $0["error"]?["line"]?.integer } == [21, 22])
            #expect(errors[1]["custom_id"]?.string == "row-2")
            #expect(Self.calls(service) == 20)

            let hera = batch["hera"]
            #expect(hera?["plan"]?["affordable"]?.integer == 20 && hera?["plan"]?["accuracy"]?.double ?? 0 > 0.7)
            let ledger = service.stepService.ledger
            let entries = try await ledger.read { try $0.entries(ofRun: id) }
            let sum = entries.reduce(0) { $0 + $1.result.figures.cost.total.nanoUSD }
            #expect(entries.count == 20 && hera?["spent_usd"]?.double == Money(nanoUSD: sum).usd)
            #expect(try await ledger.read { try $0.verify() }.isSound)
            #expect(try await client.send("GET", "/v1/files?purpose=batch_output").root["data"]?.count == 2)
        }
    }

    private static let refusals =
        [
            (#"{}"#, 400, "input_file_id"),
            (#"{"input_file_id":"file_x","endpoint":"/v1/chat/completions","completion_window":"24h"}"#, 404, "file_x"),
            (#"{"input_file_id":"F","endpoint":"/v1/embeddings","completion_window":"24h"}"#, 400, "endpoint"),
            (#"{"input_file_id":"F","endpoint":"/v1/chat/completions"}"#, 400, "completion_window"),
            (#"{"input_file_id":"F","endpoint":"/v1/chat/completions","completion_window":"soon"}"#, 400, "24h"),
            (
                #"{"input_file_id":"F","endpoint":"/v1/chat/completions","completion_window":"1h","x":1}"#, 400,
                "x: unknown"
            ),
            ("metadata:budget_usd=5 EUR", 400, "amounts are in USD"), ("metadata:budget_usd=0", 400, "above 0"),
            ("metadata:budget_usd=-1", 400, "above 0"), ("metadata:currency=EUR", 400, "amounts are in USD"),
            ("metadata:hera.if_short=maybe", 400, "refuse, cheapest, best"),
            ("metadata:hera.polcy=x", 400, "did you mean 'policy'"), ("metadata:hera.policy=none", 404, "hera/none"),
            ("metadata:hera.model=gpt-none", 404, "gpt-none"), ("metadata:hera.confidence=2", 400, "confidence"),
            ("metadata:hera.concurrency=1.5", 400, "whole"), ("metadata:hera.min_accuracy=7", 400, "min_accuracy"),
        ] as [(String, Int, String)]

    @Test("an invalid batch is rejected by field, before it is created")
    func refused() async throws {
        try await Self.with { _, client async throws in
            let file = try await client.file(BatchClient.rows(1...1))
            for (body, status, message) in Self.refusals {
                let answer: BatchClient.Answer
                if body.hasPrefix("metadata:") {
                    let pair = body.dropFirst(9).split(separator: "=", maxSplits: 1)
                    answer = try await client.create(file, more: #","metadata":{"\#(pair[0])":"\#(pair[1])"}"#)
                } else {
                    let text = body.replacingOccurrences(of: "\"F\"", with: "\"\(file)\"")
                    answer = try await client.send("POST", "/v1/batches", body: Array(text.utf8))
                }
                #expect(answer.status == status && answer.message.contains(message), "\(body): \(answer.text)")
            }
            #expect(try await client.send("GET", "/v1/batches").root["data"]?.count == 0)
        }
    }

    @Test("result files, files without a valid line and files with too many lines are rejected")
    func inputs() async throws {
        try await Self.with(Settings(limits: ServiceLimits(batchRows: 3))) { service, client async throws in
            let done = try await client.wait(try await client.batch(BatchClient.rows(1...1)))
            let output = try #require(done["output_file_id"]?.string)
            let again = try await client.create(output)
            #expect(again.status == 400 && again.message.contains("batch_output"), "\(again.text)")

            let bad = try await client.wait(try await client.batch("nonsense\n\n[]\n"))
            #expect(bad["status"]?.string == "failed" && bad["failed_at"]?.integer != nil)
            let errors = try #require(bad["errors"]?["data"])
            #expect(errors.elements.map { $0["line"]?.integer } == [nil, 1, 3])
            #expect(
                errors.elements.first { _ in true }?["message"]?.string?.contains("no line that can be done") == true)

            let many = try await client.wait(try await client.batch(BatchClient.rows(1...4)))
            #expect(many["status"]?.string == "failed")
            let message = many["errors"]?["data"]?.elements.first { _ in true }?["message"]?.string ?? ""
            #expect(message.contains("more than 3 rows: split it, or raise limits.batch_rows"), "\(message)")

            let nonsense = try await client.wait(
                try await client.batch(BatchClient.rows(1...1) + String(repeating: "x\n", count: 4)))
            #expect(
                nonsense["status"]?.string == "failed", "what is wrong with lines is kept in memory: it has a limit")
            let reason = nonsense["errors"]?["data"]?.elements.first { _ in true }?["message"]?.string ?? ""
            #expect(reason.contains("more than 3 lines that cannot be done; the first: line 2"), "\(reason)")
            #expect(Self.calls(service) == 1)
        }
    }

    @Test("all invalid lines are in the error file, beyond those listed in the batch")
    func manyFaults() async throws {
        try await Self.with { _, client async throws in
            let wrong = (1...130).map { "{oops \($0)\n" }.joined()
            let batch = try await client.wait(try await client.batch(wrong + BatchClient.rows(1...1)))
            #expect(batch["request_counts"]?["total"]?.integer == 131)
            #expect(batch["errors"]?["data"]?.count == 100)
            #expect(try await client.lines(batch, "error_file_id").count == 130)
            #expect(try await client.lines(batch, "output_file_id").count == 1)
        }
    }

    @Test("a cancelled batch keeps its answers, and rows that had not begun are in its error file")
    func cancels() async throws {
        try await Self.with(script: { Self.answer($0).delayed(by: .milliseconds(100)) }) {
            service, client async throws in
            let id = try await client.batch(BatchClient.rows(1...60), more: #","hera":{"concurrency":4}"#)
            try await waitUntil { Self.calls(service) >= 6 }
            let asked = try await client.send("POST", "/v1/batches/\(id)/cancel")
            #expect(try asked.root["status"]?.string == "cancelling" && asked.root["cancelling_at"]?.integer != nil)
            let batch = try await client.wait(id)
            #expect(batch["status"]?.string == "cancelled" && batch["cancelled_at"]?.integer != nil)
            let answers = try await client.lines(batch, "output_file_id")
            let errors = try await client.lines(batch, "error_file_id")
            #expect(answers.count >= 4 && answers.count == Self.calls(service))
            #expect(errors.count == 60 - answers.count)
            #expect(errors.allSatisfy { $0["error"]?["code"]?.string == "batch_cancelled" })
            let again = try await client.send("POST", "/v1/batches/\(id)/cancel")
            #expect(again.status == 200)
            let done = try await client.wait(try await client.batch(BatchClient.rows(1...1)))
            let late = try await client.send("POST", "/v1/batches/\(done["id"]?.string ?? "")/cancel")
            #expect(late.status == 409 && late.message.contains("completed already"), "\(late.text)")
            #expect(try await service.stepService.ledger.read { try $0.verify() }.isSound)
        }
    }

    @Test("rows that have not begun when the window ends expire")
    func expires() async throws {
        try await Self.with(script: { Self.answer($0).delayed(by: .milliseconds(300)) }) { _, client async throws in
            let id = try await client.batch(
                BatchClient.rows(1...14), window: "2s", more: #","hera":{"concurrency":1,"if_short":"cheapest"}"#)
            let batch = try await client.wait(id)
            #expect(batch["status"]?.string == "expired" && batch["expired_at"]?.integer != nil)
            let errors = try await client.lines(batch, "error_file_id")
            #expect(try await client.lines(batch, "output_file_id").count == 14 - errors.count)
            #expect(!errors.isEmpty && errors.allSatisfy { $0["error"]?["code"]?.string == "batch_expired" })
        }
    }

    @Test("a batch belongs to its key, and revoking the key ends it with the answers so far")
    func keys() async throws {
        try await Self.with(
            key: "operator", script: { Self.answer($0).delayed(by: .milliseconds(100)) }
        ) { service, master async throws in
            let ledger = service.stepService.ledger
            var clients: [BatchClient] = []
            let keys = [AccessKey(createdAt: .now()), AccessKey(createdAt: .now())]
            for key in keys {
                clients.append(BatchClient(port: service.port, key: try await ledger.createKey(key, budgets: [])))
            }
            let id = try await clients[0].batch(BatchClient.rows(1...60), more: #","hera":{"concurrency":2}"#)
            #expect(try await clients[1].send("GET", "/v1/batches/\(id)").status == 404)
            #expect(try await clients[1].send("POST", "/v1/batches/\(id)/cancel").status == 404)
            #expect(try await clients[1].send("GET", "/v1/batches").root["data"]?.count == 0)
            #expect(try await clients[0].send("GET", "/v1/batches").root["data"]?.count == 1)
            try await waitUntil { Self.calls(service) >= 4 }
            try await ledger.write { try $0.revokeKey(keys[0].id, at: .now()) }
            #expect(try await clients[0].send("GET", "/v1/batches/\(id)").status == 401)
            let batch = try await master.wait(id)
            #expect(batch["status"]?.string == "failed")
            let error = batch["errors"]?["data"]?.elements.first { _ in true }
            #expect(error?["code"]?.string == "invalid_api_key")
            #expect(try await master.lines(batch, "output_file_id").count == Self.calls(service))
            #expect(Self.calls(service) < 60)

            let expired = AccessKey(createdAt: .now(), expiresAt: Timestamp.now().advanced(bySeconds: -1))
            let late = BatchClient(port: service.port, key: try await ledger.createKey(expired, budgets: []))
            let answer = try await late.upload(BatchClient.rows(1...1))
            #expect(answer.status == 401 && answer.message.contains("expired"), "\(answer.text)")
        }
    }

    @Test("lists are paged")
    func pages() async throws {
        try await Self.with { _, client async throws in
            var ids: [String] = []
            for _ in 0..<3 {
                ids.append(try await client.batch(BatchClient.rows(1...1)))
                try await Task.sleep(for: .milliseconds(3))
            }
            let page = try await client.send("GET", "/v1/batches?limit=2").root
            #expect(page["data"]?.elements.map { $0["id"]?.string } == [ids[2], ids[1]])
            #expect(page["has_more"]?.boolean == true)
            let rest = try await client.send("GET", "/v1/batches?limit=2&after=\(ids[1])").root
            #expect(rest["data"]?.elements.map { $0["id"]?.string } == [ids[0]])
            #expect(rest["has_more"]?.boolean == false)
            #expect(try await client.send("GET", "/v1/batches?limit=101").status == 400)
        }
    }

    @Test("the same Idempotency-Key begins one batch")
    func repeated() async throws {
        try await Self.with { service, client async throws in
            let file = try await client.file(BatchClient.rows(1...1))
            let body = #"{"input_file_id":"\#(file)","endpoint":"/v1/chat/completions","completion_window":"1h"}"#
            var ids: Set<String?> = []
            for _ in 0..<2 {
                let answer = try await service.send(
                    "POST", "/v1/batches", body: body, headers: [("idempotency-key", "once")])
                ids.insert(try JSONDocument(Array(answer.text.utf8)).root["id"]?.string)
            }
            #expect(ids.count == 1)
        }
    }
}
