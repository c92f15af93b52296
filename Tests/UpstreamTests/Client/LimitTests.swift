import ScriptedUpstream
import TestSupport
import Testing
import Upstream

@Suite("Limits and bad servers")
struct LimitTests {
    @Test("a slow reader pauses the server, and memory stays bounded")
    func backPressure() async throws {
        let total = 96 << 20
        try await Loopback.with(UpstreamConfiguration(bufferBytes: 64 << 10)) { _ in
            .huge(bytes: total)
        } _: { loopback async throws in
            let response = try await loopback.client.send(loopback.request(maximumResponseBytes: total))
            // Waits until the server makes no progress: the remaining bytes are in kernel buffers.
            var sent = -1
            var quietRounds = 0
            while quietRounds < 20 {
                try await Task.sleep(for: .milliseconds(10))
                let now = loopback.server.record.bytesSent
                quietRounds = now == sent ? quietRounds + 1 : 0
                sent = now
            }
            #expect(sent < total / 2)
            #expect(response.body.bufferedBytes <= 64 << 10)
            var received = 0
            var largest = 0
            for try await piece in response.body {
                received += piece.count
                largest = max(largest, piece.count)
            }
            #expect(received == total)
            #expect(largest <= 64 << 10)
        }
    }

    @Test("a response above the limit is aborted", arguments: [true, false])
    func largeBody(declaresLength: Bool) async throws {
        try await Loopback.with { _ in
            .huge(bytes: 4 << 20, declaresLength: declaresLength)
        } _: { loopback async throws in
            let failure = await loopback.failure(loopback.request(maximumResponseBytes: 1 << 20))
            #expect(failure == .tooLarge(host: "127.0.0.1:\(loopback.server.port)", limit: 1 << 20))
            try await waitUntil { loopback.server.record.openConnections == 0 }
        }
    }

    @Test("collecting above the limit is an error and aborts the transfer")
    func collectLimit() async throws {
        try await Loopback.with { _ in
            .huge(bytes: 4 << 20)
        } _: { loopback async throws in
            let response = try await loopback.client.send(loopback.request())
            await #expect(throws: UpstreamError.tooLarge(host: response.body.host, limit: 1000)) {
                try await response.collect(upTo: 1000)
            }
            try await waitUntil { loopback.server.record.openConnections == 0 }
        }
    }

    @Test("a header line that is longer than any is a head above the limit, and no lack of memory")
    func longLine() async throws {
        try await Loopback.with { _ in
            .json("", headers: [("x-long", String(repeating: "y", count: 200 << 10))])
        } _: { loopback async throws in
            let failure = await loopback.failure()
            #expect(failure == .tooLarge(host: "127.0.0.1:\(loopback.server.port)", limit: 64 << 10))
        }
    }

    @Test("a head above the limit is aborted")
    func largeHead() async throws {
        try await Loopback.with(UpstreamConfiguration(maximumHeadBytes: 2000)) { _ in
            .json("", headers: (0..<100).map { ("x-\($0)", String(repeating: "y", count: 50)) })
        } _: { loopback async throws in
            let failure = await loopback.failure()
            #expect(failure == .tooLarge(host: "127.0.0.1:\(loopback.server.port)", limit: 2000))
        }
    }

    @Test(
        "bytes that are not HTTP are a malformed response", arguments: ["\u{1}\u{2}garbage\r\n\r\n", "SSH-2.0-x\r\n"])
    func garbage(text: String) async throws {
        try await Loopback.with { _ in
            .raw(text)
        } _: { loopback async throws in
            guard case .malformed = await loopback.failure() else {
                Issue.record("garbage was not called malformed")
                return
            }
        }
    }

    @Test("a response shorter than its Content-Length is an error")
    func shortBody() async throws {
        try await Loopback.with { _ in
            .wrongContentLength("short", promised: 500)
        } _: { loopback async throws in
            guard case .reset(_, let bytes) = await loopback.failure() else {
                Issue.record("a short answer was taken as complete")
                return
            }
            #expect(bytes > 5)
        }
    }

    @Test("a response longer than its Content-Length is cut, and its connection is not reused")
    func longBody() async throws {
        try await Loopback.with { _ in
            .wrongContentLength("longer than promised", promised: 6)
        } _: { loopback async throws in
            #expect(try await loopback.text() == "longer")
            #expect(try await loopback.text() == "longer")
            #expect(loopback.server.record.connections == 2)
        }
    }

    @Test(
        "invalid requests are rejected before anything is sent",
        arguments: [
            UpstreamRequest(url: "file:///etc/passwd"), UpstreamRequest(url: "ftp://127.0.0.1/x"),
            UpstreamRequest(url: "http://"), UpstreamRequest(url: "http://user:password@127.0.0.1/"),
            UpstreamRequest(url: "http://127.0.0.1/a b"), UpstreamRequest(url: "http://127.0.0.1/\r\nX: y"),
            UpstreamRequest(url: "http://127.0.0.1/", headers: [("X", "a\r\nY: b")]),
            UpstreamRequest(url: "http://127.0.0.1/", headers: [("X\r\nY", "a")]),
            UpstreamRequest(url: "http://127.0.0.1/", headers: [("", "a")]),
            UpstreamRequest(url: "http://127.0.0.1/", headers: [("Content-length", "1")], body: [1, 2]),
            UpstreamRequest(url: "http://127.0.0.1/", headers: [("Transfer-Encoding", "chunked")]),
            UpstreamRequest(method: "GET / HTTP/1.1\r\n", url: "http://127.0.0.1/"),
        ])
    func invalidRequests(request: UpstreamRequest) async throws {
        let failure = await #expect(throws: UpstreamError.self) { try await UpstreamClient().send(request) }
        guard case .invalidRequest = failure else {
            Issue.record("not called invalid: \(String(describing: failure))")
            return
        }
        #expect(failure?.description.contains("user:password") == false)
    }

    @Test("no error shows a header or a body")
    func secrets() async throws {
        try await Loopback.with { request in
            switch request.number % 4 {
            case 0: .nothing(.close)
            case 1: .raw("garbage\r\n\r\n")
            case 2: .completion("x").cut(afterBytes: 30, by: .reset)
            default: .huge(bytes: 1 << 20)
            }
        } _: { loopback async throws in
            for _ in 0..<6 {
                let request = loopback.request(body: Loopback.secret, maximumResponseBytes: 1000)
                let failure = try #require(await loopback.failure(request))
                #expect(!"\(failure)".contains(Loopback.secret))
                #expect(!"\(request)".contains(Loopback.secret))
                #expect("\(failure)".contains("127.0.0.1"))
            }
        }
    }
}
