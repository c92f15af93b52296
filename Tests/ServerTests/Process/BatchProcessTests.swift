import Domain
import Foundation
import JSON
import Ledger
import ScriptedUpstream
import Synchronization
import TestSupport
import Testing

@Suite("hera batch", .serialized)
struct BatchProcessTests {
    private static let usage = ScriptedUsage(promptTokens: 20, completionTokens: 4)

    /// Answers with the requesting row's name.
    static func answer(_ request: ScriptedRequest) -> ScriptedReply {
        if request.method == "GET" { return .models(["test/small", "test/large"]) }
        return .completion(row(of: request), model: request.model, usage: usage)
    }

    static func row(of request: ScriptedRequest) -> String {
        let text = request.bodyText
        guard let start = text.firstIndex(of: "<"), let end = text.firstIndex(of: ">") else { return "" }
        return String(text[text.index(after: start)..<end])
    }

    private func with(
        _ script: @escaping @Sendable (ScriptedRequest) -> ScriptedReply = answer,
        _ body: (BatchProcess, ScriptedUpstream) async throws -> Void
    ) async throws {
        try await ScriptedUpstream.with(script: script) { models async throws in
            let process = try BatchProcess(modelsAt: models.baseURL)
            defer { process.remove() }
            try await body(process, models)
        }
    }

    @Test("every row has its answer, in the order of the input, and the bill is the ledger's")
    func answers() async throws {
        try await with { batch, models async throws in
            try batch.write(rows: 1...40)
            #expect(try batch.run(["--budget", "0.10"]) == 0, "\(batch.text("stderr"))")
            let lines = try batch.lines("out.jsonl")
            #expect(lines.map { $0["custom_id"]?.string } == (1...40).map { "row-\($0)" })
            for line in lines {
                let body = line["response"]?["body"]
                #expect(
                    body?["choices"]?.elements.map { $0["message"]?["content"]?.string } == [line["custom_id"]?.string])
                #expect(line["response"]?["status_code"]?.integer == 200)
                #expect(line["error"]?.isNull == true)
            }
            #expect(!batch.exists("out.errors.jsonl"))
            #expect(models.record.billedCalls.values.reduce(0, +) == 40)
            let stderr = batch.text("stderr")
            #expect(stderr.contains("40 of 40 rows, expected accuracy"), "\(stderr)")

            // A second run writes the same file without calls.
            let before = batch.text("out.jsonl")
            try FileManager.default.removeItem(at: batch.folder.appendingPathComponent("out.jsonl"))
            #expect(try batch.run(["--budget", "0.10"]) == 0)
            #expect(batch.text("out.jsonl") == before)
            #expect(models.record.billedCalls.values.reduce(0, +) == 40)
            try await batch.ledger { ledger async throws in #expect(try await ledger.read { try $0.verify() }.isSound) }
        }
    }

    @Test("an ample budget takes the better model, a small one the cheaper one, one between both")
    func budgets() async throws {
        // A row is predicted at 0.0004 USD on the large model, reserved at up to 0.0016, and a tenth of both on the
        // small one.
        for (budget, expected) in [("1", ["test/large"]), ("0.0014", ["test/small"])] {
            try await with { batch, models async throws in
                try batch.write(rows: 1...20)
                #expect(try batch.run(["--budget", budget, "--confidence", "0.5"]) == 0, "\(batch.text("stderr"))")
                #expect(models.record.billedCalls.keys.sorted() == expected)
            }
        }
    }

    @Test("invalid lines are in the errors file by number and reason, and the others are answered")
    func wrongLines() async throws {
        try await with { batch, _ async throws in
            try batch.write(rows: 1...3, extra: "{oops\n" + BatchProcess.line("row-2", text: "again") + "\n")
            #expect(try batch.run(["--budget", "0.10"]) == 70)
            #expect(try batch.lines("out.jsonl").count == 3)
            let errors = try batch.lines("out.errors.jsonl")
            #expect(errors.map { $0["error"]?["line"]?.integer } == [4, 5])
            #expect(errors.map { $0["error"]?["code"]?.string } == ["invalid_json", "duplicate_custom_id"])
            #expect(batch.text("stderr").contains("line 5: custom_id: 'row-2' is that of line 2 already"))
        }
    }

    @Test(
        "money for some rows only: refused with the figures, or as many rows as it pays for; more money does the rest")
    func short() async throws {
        try await with { batch, models async throws in
            try batch.write(rows: 1...20)
            #expect(try batch.run(["--budget", "0.0005"]) == 65)
            var stderr = batch.text("stderr")
            #expect(
                stderr.contains("of 20 rows") && stderr.contains("would do all on their cheapest models"), "\(stderr)")
            #expect(stderr.contains("nothing was started: raise --budget, or say --if-short cheapest or best"))
            #expect(models.record.requests.count { $0.method == "POST" } == 0)
            #expect(!batch.exists("out.jsonl") || batch.text("out.jsonl").isEmpty)

            #expect(try batch.run(["--budget", "0.0005", "--if-short", "cheapest"]) == 70)
            let some = try batch.lines("out.jsonl").count
            #expect(some > 0 && some < 20)
            let errors = try batch.lines("out.errors.jsonl")
            #expect(errors.count == 20 - some)
            #expect(errors.allSatisfy { $0["error"]?["code"]?.string == "budget_exceeded" })
            try await batch.ledger { ledger async throws in
                let budgets = try await ledger.read { try $0.budgets(of: nil, at: .now()) }
                #expect(budgets.allSatisfy { $0.spent <= 500_000 && $0.reserved == 0 })
            }

            #expect(try batch.run(["--budget", "0.1"]) == 0)
            stderr = batch.text("stderr")
            #expect(stderr.contains("\(some) of 20 rows are done"))
            #expect(try batch.lines("out.jsonl").count == 20)
            #expect(!batch.exists("out.errors.jsonl"))
            #expect(models.record.billedCalls.values.reduce(0, +) == 20)
        }
    }

    @Test("a budget below the cheapest row starts nothing and suggests a sufficient one")
    func belowCheapest() async throws {
        try await with { batch, models async throws in
            try batch.write(rows: 1...2)
            #expect(try batch.run(["--budget", "0.000001", "--if-short", "best"]) == 65)
            #expect(batch.text("stderr").contains("$0.000001 left do 0 of 2 rows"), "\(batch.text("stderr"))")
            #expect(models.record.requests.count { $0.method == "POST" } == 0)
        }
    }

    @Test(
        "invalid usage ends before any call",
        arguments: [
            (["--budget", "5 EUR"], 64, "USD"), (["--budget=-1"], 64, "above 0"),
            (["--budget", "1", "--confidence", "1"], 64, "confidence"),
            (["--budget", "1", "--out", "no/such/folder/out.jsonl"], 74, "cannot write"),
        ] as [([String], Int32, String)])
    func usage(options: [String], code: Int32, message: String) async throws {
        try await with { batch, models async throws in
            try batch.write(rows: 1...2)
            #expect(try batch.run(options) == code)
            #expect(batch.text("stderr").contains(message), "\(batch.text("stderr"))")
            #expect(models.record.calls == 0)
        }
    }

    @Test("a file that is missing, empty or over the limit is an error that says so")
    func files() async throws {
        try await with { batch, models async throws in
            #expect(try batch.run(["--budget", "1"]) == 66)
            try "".write(to: batch.folder.appendingPathComponent("in.jsonl"), atomically: true, encoding: .utf8)
            #expect(try batch.run(["--budget", "1"]) == 65)
            #expect(batch.text("stderr").contains("it is empty"))
            try batch.write(rows: 1...20)
            try "limits: {file_bytes: 1024}".write(
                to: batch.folder.appendingPathComponent("c.yaml"), atomically: true, encoding: .utf8)
            #expect(try batch.run(["--budget", "1", "--config", "c.yaml"]) == 65)
            #expect(batch.text("stderr").contains("the limit is 1024"))
            try "limits: {batch_rows: 5}".write(
                to: batch.folder.appendingPathComponent("c.yaml"), atomically: true, encoding: .utf8)
            #expect(try batch.run(["--budget", "1", "--config", "c.yaml"]) == 65)
            #expect(batch.text("stderr").contains("more than 5 rows"))
            #expect(models.record.requests.count { $0.method == "POST" } == 0)
        }
    }

    @Test("rows of a failed model fall back to the plan's next, a busy model is retried, a rejected row is an error")
    func failures() async throws {
        let busy = Counter()
        try await with { request in
            guard request.method == "POST" else { return Self.answer(request) }
            if Self.row(of: request) == "row-2" { return .status(400, message: "no such thing") }
            if request.model == "test/large" { return .status(500) }
            if Self.row(of: request) == "row-3", busy.next() == 1 { return .status(429, retryAfter: "1") }
            return Self.answer(request)
        } _: { batch, models async throws in
            try batch.write(rows: 1...4)
            #expect(try batch.run(["--budget", "1"]) == 70, "\(batch.text("stderr"))")
            #expect(try batch.lines("out.jsonl").map { $0["custom_id"]?.string } == ["row-1", "row-3", "row-4"])
            let error = try #require(try batch.lines("out.errors.jsonl").first?["error"])
            #expect(error["code"]?.string == "refused_by_model")
            #expect(error["message"]?.string?.contains("no such thing") == true)
            #expect(models.record.billedCalls == ["test/small": 3])
        }
    }

    @Test("SIGINT ends calls in progress and writes the answers so far, and the same command resumes")
    func interrupted() async throws {
        try await with { request in
            request.method == "GET" ? Self.answer(request) : Self.answer(request).delayed(by: .milliseconds(150))
        } _: { batch, models async throws in
            try batch.write(rows: 1...40)
            let process = try batch.start(["--budget", "0.10", "--concurrency", "4"])
            try await waitUntil { models.record.billedCalls.values.reduce(0, +) >= 8 }
            process.interrupt()
            process.waitUntilExit()
            #expect(process.terminationStatus == 75, "\(batch.text("stderr"))")
            let first = try batch.lines("out.jsonl").count
            #expect(first >= 8 && first < 40)
            #expect(models.record.billedCalls.values.reduce(0, +) == first)
            #expect(try batch.run(["--budget", "0.10", "--concurrency", "8"]) == 0)
            #expect(try batch.lines("out.jsonl").count == 40)
            #expect(models.record.billedCalls.values.reduce(0, +) == 40)
        }
    }
}

/// Counts from 1.
final class Counter: Sendable {
    private let number = Mutex(0)

    func next() -> Int {
        number.withLock { number in
            number += 1
            return number
        }
    }
}
