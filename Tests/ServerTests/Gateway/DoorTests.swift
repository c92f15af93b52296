import Calls
import Catalog
import Domain
import Foundation
import JSON
import Ledger
import Routing
import ScriptedUpstream
import Steps
import TestSupport
import Testing
import Upstream

@Suite("What a client meets at the door")
struct DoorTests {
    private static let usage = ScriptedUsage(promptTokens: 20, completionTokens: 4)
    private static let user = #""messages":[{"role":"user","content":"2+2?"}]"#

    @Test("GET and HEAD of / say that hera is here, without a key")
    func root() async throws {
        try await TestService.with(key: "secret") { _ in
            .completion("4")
        } _: { service async throws in
            let got = try await service.json("GET", "/")
            #expect(got.status == 200 && got.root["name"]?.string == "hera")
            let head = try await RawHTTP.exchange(
                service.port, "HEAD / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
            #expect(head.hasPrefix("HTTP/1.1 200") && head.hasSuffix("\r\n\r\n"))
        }
    }

    @Test("a model of the list is told alone, in the dialect of the client, whatever its name's slashes look like")
    func model() async throws {
        try await TestService.with { _ in
            .completion("4")
        } _: { service async throws in
            for path in ["/v1/models/test/cheap", "/v1/models/test%2Fcheap"] {
                let answer = try await service.json("GET", path)
                #expect(answer.status == 200 && answer.root["id"]?.string == "test/cheap", "\(path)")
                #expect(answer.root["object"]?.string == "model" && answer.root["owned_by"]?.string == "test")
                let other = try await service.send("GET", path, headers: [("anthropic-version", "2023-06-01")])
                let root = try JSONDocument(Array(other.text.utf8)).root
                #expect(root["type"]?.string == "model" && root["id"]?.string == "test/cheap")
            }
            #expect(try await service.json("GET", "/v1/models/hera").root["id"]?.string == "hera")
            let none = try await service.json("GET", "/v1/models/test/cheep")
            #expect(none.status == 404 && none.root["error"]?["code"]?.string == "model_not_found")
            #expect(none.root["error"]?["message"]?.string?.contains("did you mean 'test/cheap'?") == true)
        }
    }

    @Test("a body that is announced as too large is refused before any of it comes, and the client gets the answer")
    func announced() async throws {
        var settings = Settings()
        settings.limits.bodyBytes = 2000
        try await TestService.with(settings: settings) { _ in
            .completion("4")
        } _: { service async throws in
            let answer = try await RawHTTP.exchange(
                service.port,
                "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\nexpect: 100-continue\r\n"
                    + "connection: close\r\ncontent-length: 100000\r\n\r\n",
                thenAfterFirstBytes: String(repeating: "x", count: 100_000))
            #expect(answer.hasPrefix("HTTP/1.1 413"), "no 100 before it")
            #expect(answer.contains("body_too_large") && answer.contains("larger than 2000 bytes"))
        }
    }

    @Test("a client that waits to be told to send its body is told, and one without a key is not")
    func expect() async throws {
        try await TestService.with(key: "secret") { _ in
            .completion("four", usage: Self.usage)
        } _: { service async throws in
            let body = #"{"model":"hera",\#(Self.user)}"#
            func head(_ key: String) -> String {
                "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer \(key)\r\n"
                    + "content-type: application/json\r\nexpect: 100-continue\r\nconnection: close\r\n"
                    + "content-length: \(body.utf8.count)\r\n\r\n"
            }
            let answer = try await RawHTTP.exchange(service.port, head("secret"), thenAfterFirstBytes: body)
            #expect(answer.hasPrefix("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200"), "\(answer)")
            #expect(answer.contains("four"))
            let refused = try await RawHTTP.exchange(service.port, head("wrong"))
            #expect(refused.hasPrefix("HTTP/1.1 401"), "\(refused)")
        }
    }

    @Test("Anthropic's clients find their messages without /v1, and errors there are in their dialect")
    func messages() async throws {
        try await TestService.with { _ in
            .completion("four", usage: Self.usage)
        } _: { service async throws in
            let answer = try await service.json(
                "POST", "/messages", body: #"{"model":"hera","max_tokens":9,\#(Self.user)}"#)
            #expect(answer.status == 200 && answer.root["type"]?.string == "message")
            let count = try await service.json(
                "POST", "/messages/count_tokens", body: #"{"model":"hera",\#(Self.user)}"#)
            #expect(count.status == 200 && count.root["input_tokens"]?.integer != nil)
            let error = try await service.json("POST", "/messages", body: "{}")
            #expect(error.status == 400 && error.root["type"]?.string == "error")
        }
    }

    @Test("text completions are answered as chats, whole and streamed")
    func completions() async throws {
        try await TestService.with { request in
            request.isStreaming ? .stream(["fo", "ur"], usage: Self.usage) : .completion("four", usage: Self.usage)
        } _: { service async throws in
            let whole = try await service.json(
                "POST", "/v1/completions", body: #"{"model":"hera","prompt":["2+2?"],"echo":false}"#)
            #expect(whole.status == 200 && whole.root["object"]?.string == "text_completion")
            let choice = whole.root["choices"]?.elements.first { _ in true }
            #expect(choice?["text"]?.string == "four" && choice?["finish_reason"]?.string == "stop")
            #expect(whole.root["usage"]?["total_tokens"]?.integer == 24)
            let body = #"{"model":"hera","prompt":"2+2?","stream":true,"stream_options":{"include_usage":true}}"#
            let stream = try await service.send("POST", "/v1/completions", body: body)
            #expect(stream.text.contains(#""text":"fo""#) && stream.text.contains(#""text":"ur""#))
            #expect(stream.text.contains(#""total_tokens":24"#) && stream.text.hasSuffix("data: [DONE]\n\n"))
            for wrong in [#""prompt":["a","b"]"#, #""prompt":"a","best_of":2"#, #""prompt":"a","logprobs":3"#] {
                let refused = try await service.send("POST", "/v1/completions", body: #"{"model":"hera",\#(wrong)}"#)
                #expect(refused.status == 400)
            }
        }
    }

    @Test("what the dialect of the only candidate cannot say is the client's mistake, and not the gateway's failure")
    func unsayable() async throws {
        try await TestService.with(catalog: TestModels.mixed) { _ in
            .message("4", usage: Self.usage)
        } _: { service async throws in
            let body =
                #"{"model":"test/claude","messages":[{"role":"user","content":[{"type":"input_audio","input_audio":{"data":"","format":"wav"}}]}]}"#
            let answer = try await service.json("POST", "/v1/chat/completions", body: body)
            #expect([400, 422].contains(answer.status), "\(answer)")
            #expect(service.models.record.requests.allSatisfy { $0.method == "GET" })
        }
    }

    @Test("a body in chunks that are no chunks is a bad request")
    func chunks() async throws {
        try await TestService.with { _ in
            .completion("4")
        } _: { service async throws in
            let answer = try await RawHTTP.exchange(
                service.port,
                "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
                    + "transfer-encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n")
            #expect(answer.hasPrefix("HTTP/1.1 400"), "\(answer)")
        }
    }

    @Test("the figures of all callers are for the operator, and for anyone where there are no keys")
    func metrics() async throws {
        try await TestService.with(key: "secret") { _ in
            .completion("4")
        } _: { service async throws in
            let own = try await service.stepService.ledger.createKey(
                AccessKey(team: "red", createdAt: .now()), budgets: [])
            func status(_ key: String) async throws -> Int {
                try await service.send("GET", "/metrics", headers: [("authorization", "Bearer \(key)")]).status
            }
            #expect(try await status(own) == 403)
            #expect(try await status("secret") == 200)
            #expect(try await service.send("GET", "/metrics").status == 401)
        }
        try await TestService.with { _ in
            .completion("4")
        } _: { service async throws in
            #expect(try await service.send("GET", "/metrics").status == 200)
        }
    }

    @Test("trying keys gets slow, and right keys that are known go on")
    func wrongKeys() async throws {
        try await TestService.with(key: "secret") { _ in
            .completion("4")
        } _: { service async throws in
            func status(_ key: String) async throws -> Int {
                try await service.send("GET", "/v1/models", headers: [("authorization", "Bearer \(key)")]).status
            }
            #expect(try await status("secret") == 200)
            var statuses: [Int: Int] = [:]
            for number in 1...200 { statuses[try await status("hera-wrong-\(number)"), default: 0] += 1 }
            #expect(statuses[401] ?? 0 <= 12 && statuses[429] ?? 0 >= 188, "\(statuses)")
            #expect(try await status("secret") == 200)
        }
    }

    @Test("calls of clients that left the queue are not made")
    func abandonedQueue() async throws {
        try await TestService.with(catalog: { baseURL, today in
            let models = TestModels.catalog(baseURL: baseURL, today: today).models.map { model in
                Model(
                    id: model.id, provider: model.provider, endpoint: model.endpoint, placement: model.placement,
                    tier: model.tier, contextTokens: model.contextTokens, maxOutputTokens: model.maxOutputTokens,
                    capabilities: model.capabilities, prices: model.prices, slots: 2, speed: model.speed)
            }
            return .init(models: models, version: "test")
        }) { _ in
            .completion("4", usage: Self.usage).delayed(by: .milliseconds(300))
        } _: { service async throws in
            let body = #"{"model":"test/cheap",\#(Self.user)}"#
            let request =
                "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
                + "content-length: \(body.utf8.count)\r\n\r\n\(body)"
            let registry = service.stepService.registry
            var clients: [RawHTTP] = []
            for _ in 1...20 { clients.append(try RawHTTP(port: service.port, sending: request)) }
            try await waitUntil { registry.rate(of: TestModels.cheap, at: .now()).waiting >= 18 }
            for client in clients.dropFirst(2) { client.disconnect() }
            try await waitUntil { registry.rate(of: TestModels.cheap, at: .now()).waiting == 0 }
            for client in clients.prefix(2) { client.disconnect() }
            let calls = service.models.record.requests.count { $0.method == "POST" }
            #expect(calls <= 4, "\(calls) calls")
        }
    }
}

/// A client's connection as bytes.
final class RawHTTP: Sendable {
    private let descriptor: Int32

    init(port: Int, sending text: String) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let code = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard code == 0 else { throw TimedOut("a connection") }
        var patience = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        write(text)
    }

    func write(_ text: String) { _ = send(descriptor, text, text.utf8.count, Int32(MSG_NOSIGNAL)) }

    func disconnect() { _ = close(descriptor) }

    /// What comes next; empty at the end.
    func read() -> String {
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        return count > 0 ? String(decoding: buffer.prefix(count), as: UTF8.self) : ""
    }

    /// Sends a request, then more once something came, and reads to the end.
    static func exchange(
        _ port: Int, _ request: String, thenAfterFirstBytes more: String? = nil
    ) async throws -> String {
        let connection = try RawHTTP(port: port, sending: request)
        return await withCheckedContinuation { continuation in
            Thread {
                var text = connection.read()
                if let more { connection.write(more) }
                while case let piece = connection.read(), !piece.isEmpty { text += piece }
                connection.disconnect()
                continuation.resume(returning: text)
            }.start()
        }
    }
}
