import Calls
import Domain
import JSON
import ScriptedUpstream
import TestSupport
import Testing

@testable import Dialects
@testable import Upstream

@Suite("The results of a provider's batch")
struct BatchResultTests {
    @Test(
        "with lines that are none: they are told with their numbers, and the others go on",
        arguments: BatchLifeTests.interfaces)
    func rubbish(interface: ScriptedBatches.Interface) async throws {
        var rules = ScriptedBatchRules()
        rules.writesMalformedLines = true
        try await BatchLoopback.with(interface, rules: rules) { loopback async throws in
            let batch = try await loopback.client.submit(try loopback.order())
            let harvest = try await loopback.results(try await loopback.poll(batch.id))
            #expect(harvest.answers.count == 4)
            #expect(Set(harvest.unreadableLines.keys) == [1, 7])
            #expect(harvest.unreadableLines[1]?.contains("not JSON") == true)
            #expect(harvest.unreadableLines[7] == "it has no custom_id")
        }
    }

    @Test(
        "that break off are an error after what came before, and are read again from the start",
        arguments: BatchLifeTests.interfaces)
    func broken(interface: ScriptedBatches.Interface) async throws {
        var rules = ScriptedBatchRules()
        rules.brokenResults = 1
        try await BatchLoopback.with(interface, rules: rules) { loopback async throws in
            let batch = try await loopback.client.submit(try loopback.order(rows: 40))
            let ended = try await loopback.poll(batch.id)
            let credentials = Loopback.credentials
            var harvest = BatchHarvest()
            let failure = await #expect(throws: UpstreamError.self) {
                for try await line in try loopback.client.results(
                    of: ended, endpoint: loopback.endpoint, credentials: credentials)
                {
                    harvest.take(line)
                }
            }
            guard case .reset = failure else {
                Issue.record("not a reset: \(String(describing: failure))")
                return
            }
            #expect(harvest.unreadableLines.isEmpty)
            #expect(harvest.answers.count < 40)
            #expect(try await loopback.results(ended).answers.count == 40)
        }
    }

    @Test(
        "on another host are refused: the key is not sent there",
        arguments: ["http://127.0.0.1:9/x", "https://a.test/x", "file:///x", "x"])
    func elsewhere(url: String) async throws {
        var rules = ScriptedBatchRules()
        rules.resultsURL = url
        try await BatchLoopback.with(.anthropic, rules: rules) { loopback async throws in
            let batch = try await loopback.client.submit(try loopback.order())
            let ended = try await loopback.poll(batch.id)
            #expect(ended.resultFiles == [url])
            #expect(throws: UpstreamError.self) {
                _ = try loopback.client.results(
                    of: ended, endpoint: loopback.endpoint, credentials: Loopback.credentials)
            }
        }
    }

    @Test("and batches are asked for by plain ids alone", arguments: ["", "../files", "a/b", "a?b", "a%2Fb", "a b"])
    func ids(id: String) async throws {
        try await BatchLoopback.with(.openAI) { loopback async throws in
            await #expect(throws: UpstreamError.self) { _ = try await loopback.poll(id) }
            let batch = ProviderBatch(id: "b", phase: .ended, completed: 1, failed: 0, total: 1, resultFiles: [id])
            #expect(throws: UpstreamError.self) {
                _ = try loopback.client.results(of: batch, endpoint: loopback.endpoint, credentials: .none)
            }
            #expect(loopback.loopback.server.record.calls == 0)
        }
    }

    @Test("have no lines where the batch names no files")
    func none() async throws {
        try await BatchLoopback.with(.openAI) { loopback async throws in
            let batch = ProviderBatch(id: "b", phase: .failed(reason: ""), completed: 0, failed: 0, total: 1)
            #expect(try await loopback.results(batch).answers.isEmpty)
            #expect(loopback.loopback.server.record.calls == 0)
        }
    }

    @Test("are read in bounded memory: while the reader is behind, the provider is held back")
    func backPressure() async throws {
        let line = Self.line("b-1_0", text: String(repeating: "x", count: 32 << 10))
        let lines = 4000
        try await Loopback.with(UpstreamConfiguration(bufferBytes: 64 << 10)) { _ in
            ScriptedReply([
                .send(ScriptedReply.head(200, [("content-length", "\(line.count * lines)")])),
                .sendRepeatedly(line, times: lines, pause: .zero),
            ])
        } _: { loopback async throws in
            let endpoint = BatchLoopback.endpoint(.openAI, baseURL: loopback.server.baseURL)
            let batch = ProviderBatch(
                id: "b", phase: .ended, completed: 1, failed: 0, total: 1, resultFiles: ["file-1"])
            var iterator = try loopback.client.results(of: batch, endpoint: endpoint, credentials: .none)
                .makeAsyncIterator()
            guard case .result(let first) = try await iterator.next(isolation: nil) else {
                Issue.record("the first line was not read")
                return
            }
            #expect(first.customID == "b-1_0")
            var sent = -1
            var quietRounds = 0
            while quietRounds < 20 {
                try await Task.sleep(for: .milliseconds(10))
                let now = loopback.server.record.bytesSent
                quietRounds = now == sent ? quietRounds + 1 : 0
                sent = now
            }
            #expect(sent < line.count * lines / 4)
        }
    }

    @Test("with a line that is too long: it is told, and the others go on")
    func tooLong() async throws {
        let text =
            Self.line("b-1_0", text: "short") + Self.line("b-1_1", text: String(repeating: "x", count: 3000))
            + Self.line("b-1_2", text: "short")
        try await Loopback.with { _ in
            .json(String(decoding: text, as: UTF8.self))
        } _: { loopback async throws in
            let endpoint = BatchLoopback.endpoint(.openAI, baseURL: loopback.server.baseURL)
            let batch = ProviderBatch(
                id: "b", phase: .ended, completed: 1, failed: 0, total: 1, resultFiles: ["file-1"])
            var results = try loopback.client.results(of: batch, endpoint: endpoint, credentials: .none)
            results.maximumLineBytes = 2000
            var harvest = BatchHarvest()
            for try await line in results { harvest.take(line) }
            #expect(Set(harvest.answers.keys) == ["b-1_0", "b-1_2"])
            #expect(harvest.unreadableLines == [2: "it is longer than 2000 bytes"])
        }
    }

    @Test(
        "of OpenAI that are no answers are failures or unreadable, never answers",
        arguments: [
            (#"{"response":{"status_code":200,"body":{}},"error":null}"#, "unreadable"),
            (#"{"response":null,"error":null}"#, "unreadable"),
            (#"{"response":{"status_code":200,"body":"text"}}"#, "unreadable"),
            (#"{"response":{"status_code":200,"body":{"error":{"message":"no"}}}}"#, "failed"),
            (#"{"response":{"status_code":503,"body":{"error":{"message":"no"}}}}"#, "failed"),
            (#"{"response":null,"error":{"code":"request_timeout","message":"slow"}}"#, "failed"),
            (#"{"response":null,"error":{"code":"batch_expired","message":"late"}}"#, "expired"),
            (#"{"response":null,"error":{"code":"batch_cancelled","message":"off"}}"#, "cancelled"),
        ])
    func openAILines(line: String, kind: String) throws {
        try expect(line, by: OpenAIBatchWire(), kind: kind)
    }

    @Test(
        "of Anthropic that are no answers are failures or unreadable, never answers",
        arguments: [
            (#"{"result":{"type":"succeeded"}}"#, "unreadable"),
            (#"{"result":{"type":"succeeded","message":{"content":"x"}}}"#, "unreadable"),
            (#"{"result":{"type":"new"}}"#, "unreadable"), (#"{"result":null}"#, "unreadable"), ("{}", "unreadable"),
            (#"{"result":{"type":"errored"}}"#, "unreadable"),
            (
                #"{"result":{"type":"errored","error":{"type":"error","error":{"type":"overloaded_error","message":"x"}}}}"#,
                "failed"
            ),
            (#"{"result":{"type":"expired"}}"#, "expired"), (#"{"result":{"type":"canceled"}}"#, "cancelled"),
        ])
    func anthropicLines(line: String, kind: String) throws {
        try expect(line, by: AnthropicBatchWire(), kind: kind)
    }

    private func expect(_ line: String, by dialect: any BatchWire, kind: String) throws {
        let whole = line == "{}" ? #"{"custom_id":"r"}"# : #"{"custom_id":"r","# + line.dropFirst()
        let value = try JSONDocument(Array(whole.utf8)).root
        guard case .result(let result) = dialect.result(value, number: 1, host: "h") else {
            Issue.record("no result: \(line)")
            return
        }
        let found =
            switch result.outcome {
            case .answered: "answered"
            case .failed(let failure): failure.message.isEmpty ? "empty" : "failed"
            case .expired: "expired"
            case .cancelled: "cancelled"
            case .unreadable: "unreadable"
            }
        #expect(found == kind)
    }

    @Test("that failed at Anthropic may be tried again where a live call might")
    func retryable() throws {
        for (type, isRetryable) in [("overloaded_error", true), ("invalid_request_error", false)] {
            let error = #"{"type":"error","error":{"type":"\#(type)","message":"x"}}"#
            let line = #"{"custom_id":"r","result":{"type":"errored","error":\#(error)}}"#
            let value = try JSONDocument(Array(line.utf8)).root
            guard case .result(let result) = AnthropicBatchWire().result(value, number: 1, host: "h"),
                case .failed(let failure) = result.outcome
            else {
                Issue.record("not a failure: \(type)")
                continue
            }
            #expect(failure.isRetryable == isRetryable)
            #expect(failure.code == type)
        }
    }

    private static func line(_ customID: String, text: String) -> [UInt8] {
        Array(
            """
            {"custom_id":"\(customID)","response":{"status_code":200,"body":{"choices":[{"index":0,\
            "message":{"role":"assistant","content":"\(text)"}}]}},"error":null}\n
            """.utf8)
    }
}
