import ScriptedUpstream
import TestSupport
import Testing
import Upstream

@Suite("Retries on broken connections")
struct RetryTests {
    @Test(
        "before the first byte: the call is retried once, invisibly to the caller",
        arguments: [ScriptedReply.Cut.reset, .close])
    func secondTry(cut: ScriptedReply.Cut) async throws {
        try await Loopback.with { request in
            request.number == 1 ? .nothing(cut) : .json("second")
        } _: { loopback async throws in
            #expect(try await loopback.text() == "second")
            #expect(loopback.server.record.calls == 2)
            #expect(loopback.server.record.connections == 2)
        }
    }

    @Test(
        "before the first byte, every time: there are exactly two attempts",
        arguments: [ScriptedReply.Cut.reset, .close])
    func noThirdTry(cut: ScriptedReply.Cut) async throws {
        try await Loopback.with { _ in
            .nothing(cut)
        } _: { loopback async throws in
            let failure = await loopback.failure()
            #expect(failure == .reset(host: "127.0.0.1:\(loopback.server.port)", bytesReceived: 0))
            #expect(failure?.isBeforeFirstByte == true)
            #expect(loopback.server.record.calls == 2)
        }
    }

    @Test(
        "on a reused connection: there are exactly two attempts as well",
        arguments: [ScriptedReply.Cut.reset, .close])
    func keptConnection(cut: ScriptedReply.Cut) async throws {
        try await Loopback.with { request in
            request.number == 1 ? .json("fine") : .nothing(cut)
        } _: { loopback async throws in
            #expect(try await loopback.text() == "fine")
            #expect(await loopback.failure()?.isBeforeFirstByte == true)
            #expect(loopback.server.record.calls == 3)
        }
    }

    @Test(
        "after the first byte: the call is not retried",
        arguments: [20, 60], [ScriptedReply.Cut.reset, .close])
    func afterFirstByte(bytes: Int, cut: ScriptedReply.Cut) async throws {
        try await Loopback.with { _ in
            .completion("a long answer").cut(afterBytes: bytes, by: cut)
        } _: { loopback async throws in
            let failure = try #require(await loopback.failure())
            #expect(!failure.isBeforeFirstByte)
            #expect(loopback.server.record.calls == 1)
        }
    }

    @Test("in the middle of a stream: received bytes are delivered before the error")
    func halfAStream() async throws {
        try await Loopback.with { _ in
            .stream(["one", "two", "three"], delayBetween: .milliseconds(1)).cut(afterBytes: 500, by: .close)
        } _: { loopback async throws in
            let response = try await loopback.client.send(loopback.request())
            var text = ""
            let failure = await #expect(throws: UpstreamError.self) {
                for try await piece in response.body { text += String(decoding: piece, as: UTF8.self) }
            }
            #expect(text.contains("assistant"))
            #expect(failure?.isBeforeFirstByte == false)
            #expect(loopback.server.record.calls == 1)
        }
    }

    @Test(
        "a call that costs money is not sent again by itself: the server may have read it", arguments: [false, true])
    func charged(isKept: Bool) async throws {
        try await Loopback.with { request in
            request.method == "GET" ? .json("fine") : .nothing(.close)
        } _: { loopback async throws in
            if isKept { _ = try await loopback.text(UpstreamRequest(method: "GET", url: loopback.server.baseURL)) }
            var request = loopback.request()
            request.isCharged = true
            let failure = await loopback.failure(request)
            #expect(failure == .reset(host: "127.0.0.1:\(loopback.server.port)", bytesReceived: 0))
            #expect(failure?.mayHaveBeenBilled == true)
            #expect(loopback.server.record.requests.count { $0.method == "POST" } == 1)
        }
    }

    @Test(
        "errors are classified by whether the provider may have billed the call",
        arguments: [
            (.connect(host: "h", reason: "r"), false), (.tls(host: "h", reason: "r"), false),
            (.timeout(.connect, after: .seconds(1), host: "h", bytesReceived: 0), false),
            (.timeout(.queue, after: .seconds(1), host: "h", bytesReceived: 0), false),
            (.timeout(.firstByte, after: .seconds(1), host: "h", bytesReceived: 0), true),
            (.timeout(.total, after: .seconds(1), host: "h", bytesReceived: 0), true),
            (.reset(host: "h", bytesReceived: 0), true), (.malformed(host: "h", reason: "r"), true),
            (.status(Self.failure(503)), false), (.status(Self.failure(429)), false),
            (.status(Self.failure(504)), true), (.status(Self.failure(524)), true),
            (.cancelled, true), (.stopped, false), (.overloaded(waiting: 1), false),
        ] as [(UpstreamError, Bool)])
    func charges(error: UpstreamError, mayHaveBeenBilled: Bool) {
        #expect(error.mayHaveBeenBilled == mayHaveBeenBilled)
    }

    private static func failure(_ status: Int) -> UpstreamFailure {
        UpstreamFailure(status: status, code: nil, message: "m", retryAfterSeconds: nil, isRetryable: true)
    }

    @Test("a refused connection is an error at once")
    func refused() async throws {
        try await Loopback.with { _ in
            .json("")
        } _: { loopback async throws in
            let closed = try await ScriptedUpstream.start { _ in .json("") }
            try await closed.stop()
            let failure = await loopback.failure(UpstreamRequest(url: closed.baseURL))
            guard case .connect(let host, _) = failure else {
                Issue.record("not a connect error: \(String(describing: failure))")
                return
            }
            #expect(host == "127.0.0.1:\(closed.port)")
        }
    }
}

@Suite("A request without retries")
struct UnrepeatableTests {
    @Test("is sent once when its connection breaks", arguments: [ScriptedReply.Cut.reset, .close])
    func once(cut: ScriptedReply.Cut) async throws {
        try await Loopback.with { _ in
            .nothing(cut)
        } _: { loopback async throws in
            var request = loopback.request()
            request.isRepeatable = false
            let failure = await loopback.failure(request)
            #expect(failure == .reset(host: "127.0.0.1:\(loopback.server.port)", bytesReceived: 0))
            #expect(loopback.server.record.calls == 1)
        }
    }

    @Test("uses a new connection, and leaves it open for reuse")
    func freshConnection() async throws {
        try await Loopback.with { _ in
            .json("fine")
        } _: { loopback async throws in
            var request = loopback.request()
            #expect(try await loopback.text(request) == "fine")
            request.isRepeatable = false
            #expect(try await loopback.text(request) == "fine")
            #expect(loopback.server.record.connections == 2)
            #expect(try await loopback.text() == "fine")
            #expect(loopback.server.record.connections == 2)
        }
    }
}
