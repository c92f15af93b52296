import ScriptedUpstream
import TestSupport
import Testing
import Upstream

@Suite("A call to a model server")
struct CallTests {
    @Test("a call carries method, path, headers and body, and brings status, headers and body back")
    func roundTrip() async throws {
        try await Loopback.with { _ in
            .json("{\"ok\":true}", status: 201, headers: [("X-Request-Id", "abc")])
        } _: { loopback async throws in
            let response = try await loopback.client.send(loopback.request(body: "{\"model\":\"m\"}"))
            #expect(response.status == 201)
            #expect(response.headers["x-request-id"] == "abc")
            #expect(response.headers["absent"] == nil)
            #expect(response.timing.firstByteSeconds >= response.timing.connectSeconds)
            #expect(try await response.collect(upTo: 100) == Array("{\"ok\":true}".utf8))
            let request = try #require(loopback.server.record.requests.first)
            #expect(request.method == "POST")
            #expect(request.path == "/v1/chat/completions")
            #expect(request.header("authorization") == "Bearer \(Loopback.secret)")
            #expect(request.header("expect") == nil)
            #expect(request.bodyText == "{\"model\":\"m\"}")
        }
    }

    @Test("a compressed answer is decoded, and none is asked for", arguments: ["gzip", "deflate"])
    func compressed(encoding: String) async throws {
        let text = String(repeating: "0123456789abcdef", count: 10_000)
        let body = encoding == "gzip" ? ScriptedReply.gzip(Array(text.utf8)) : ScriptedReply.deflate(Array(text.utf8))
        try await Loopback.with { _ in
            .body(body, type: "application/json", encoding: encoding)
        } _: { loopback async throws in
            #expect(try await loopback.text() == text)
            #expect(loopback.server.record.requests.first?.header("accept-encoding") == nil)
        }
    }

    @Test("an answer grows no larger by decoding than its limit allows, and broken compression is told")
    func badlyCompressed() async throws {
        try await Loopback.with { request in
            let large = ScriptedReply.gzip([UInt8](repeating: 0x20, count: 10_000))
            return .body(
                request.path.hasSuffix("large") ? large : Array("no gzip".utf8), type: nil, encoding: "gzip")
        } _: { loopback async throws in
            let large = await loopback.failure(loopback.request("/large", maximumResponseBytes: 9_000))
            guard case .tooLarge = large else { throw large ?? .cancelled }
            let broken = await loopback.failure(loopback.request("/broken"))
            guard case .malformed = broken else { throw broken ?? .cancelled }
        }
    }

    @Test("methods other than POST are sent unchanged", arguments: ["GET", "DELETE", "PUT"])
    func methods(method: String) async throws {
        try await Loopback.with { _ in
            .json("{}")
        } _: { loopback async throws in
            let request = UpstreamRequest(method: method, url: loopback.server.baseURL + "/models")
            _ = try await loopback.client.send(request).collect(upTo: 100)
            let seen = try #require(loopback.server.record.requests.first)
            #expect(seen.method == method)
            #expect(seen.body.isEmpty)
            #expect(seen.header("content-type") == nil)
        }
    }

    @Test("a body of several megabytes arrives whole")
    func largeRequest() async throws {
        let body = String(repeating: "0123456789abcdef", count: 200_000)
        try await Loopback.with { request in
            .json("\(request.body.count)")
        } _: { loopback async throws in
            #expect(try await loopback.text(loopback.request(body: body)) == "3200000")
            #expect(loopback.server.record.requests.first?.bodyText == body)
        }
    }

    @Test("an error status is a response and not a thrown error", arguments: [400, 404, 429, 500, 503])
    func errorStatus(status: Int) async throws {
        try await Loopback.with { _ in
            .status(status, retryAfter: "7")
        } _: { loopback async throws in
            let response = try await loopback.client.send(loopback.request())
            #expect(response.status == status)
            #expect(response.headers["Retry-After"] == "7")
            #expect(loopback.server.record.calls == 1)
        }
    }

    @Test("a redirect is not followed")
    func redirect() async throws {
        try await Loopback.with { _ in
            .json("", status: 302, headers: [("location", "/elsewhere")])
        } _: { loopback async throws in
            let response = try await loopback.client.send(loopback.request())
            #expect(response.status == 302)
            #expect(loopback.server.record.calls == 1)
        }
    }

    @Test("an interim head is skipped")
    func interimHead() async throws {
        let answer = "HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
        try await Loopback.with { _ in
            .raw(answer)
        } _: { loopback async throws in
            let response = try await loopback.client.send(loopback.request())
            #expect(response.status == 200)
            #expect(response.headers["link"] == nil)
            #expect(try await response.collect(upTo: 10) == Array("ok".utf8))
        }
    }

    @Test("a stream is readable before it is complete")
    func streaming() async throws {
        try await Loopback.with { _ in
            ScriptedReply([
                .send(ScriptedReply.head(200, [("connection", "close")]) + Array("first".utf8)), .hang,
            ])
        } _: { loopback async throws in
            let response = try await loopback.client.send(loopback.request())
            var iterator = response.body.makeAsyncIterator()
            #expect(try await iterator.next(isolation: nil) == Array("first".utf8))
            response.cancel()
            await #expect(throws: UpstreamError.cancelled) {
                for try await _ in response.body {}
            }
        }
    }

    @Test("a call sent before the client runs waits for it")
    func earlyCall() async throws {
        try await ScriptedUpstream.with { _ in
            .json("early")
        } _: { server async throws in
            let client = UpstreamClient()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    try await Task.sleep(for: .milliseconds(50))
                    try await client.run()
                }
                let response = try await client.send(UpstreamRequest(url: server.baseURL))
                #expect(try await response.collect(upTo: 100) == Array("early".utf8))
                group.cancelAll()
                try await group.waitForAll()
            }
        }
    }
}
