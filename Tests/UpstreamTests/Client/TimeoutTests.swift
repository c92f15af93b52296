import ScriptedUpstream
import TestSupport
import Testing
import Upstream

@Suite("Timeouts")
struct TimeoutTests {
    private static let short = Duration.milliseconds(150)

    @Test("a server that accepts no connections hits the connect timeout")
    func connect() async throws {
        let listener = try #require(SilentListener())
        try await Loopback.with { _ in
            .json("")
        } _: { loopback async throws in
            var timeouts = UpstreamTimeouts.test
            timeouts.connect = Self.short
            let failure = await loopback.failure(
                UpstreamRequest(url: "http://127.0.0.1:\(listener.port)/v1", timeouts: timeouts))
            #expect(Self.kind(of: failure) == .connect)
            #expect(failure?.isBeforeFirstByte == true)
        }
    }

    @Test("a silent server hits the first byte timeout, without a retry")
    func firstByte() async throws {
        try await Loopback.with { _ in
            .nothing(.hang)
        } _: { loopback async throws in
            var timeouts = UpstreamTimeouts.test
            timeouts.firstByte = Self.short
            let failure = await loopback.failure(loopback.request(timeouts: timeouts))
            #expect(Self.kind(of: failure) == .firstByte)
            #expect(failure?.isBeforeFirstByte == true)
            try await waitUntil { loopback.server.record.openConnections == 0 }
            #expect(loopback.server.record.calls < 2)
        }
    }

    @Test("a server that never shakes hands over TLS was sent nothing and can have billed nothing")
    func handshake() async throws {
        try await Loopback.with { _ in
            .nothing(.hang)
        } _: { loopback async throws in
            var timeouts = UpstreamTimeouts.test
            timeouts.firstByte = Self.short
            let url = "https://127.0.0.1:\(loopback.server.port)/v1"
            for kind in [0, 1] {
                if kind == 1 { (timeouts.firstByte, timeouts.total) = (.seconds(20), Self.short) }
                let failure = await loopback.failure(UpstreamRequest(url: url, timeouts: timeouts))
                #expect(Self.kind(of: failure) == .connect && failure?.mayHaveBeenBilled == false)
            }
        }
    }

    @Test("a server that stalls hits the idle timeout")
    func idle() async throws {
        try await Loopback.with { _ in
            .completion("a long answer").cut(afterBytes: 100, by: .hang)
        } _: { loopback async throws in
            var timeouts = UpstreamTimeouts.test
            timeouts.idle = Self.short
            let failure = await loopback.failure(loopback.request(timeouts: timeouts))
            #expect(Self.kind(of: failure) == .idle)
            #expect(failure?.isBeforeFirstByte == false)
        }
    }

    @Test("an endless slow response hits the total timeout")
    func total() async throws {
        try await Loopback.with { _ in
            .drip(every: .milliseconds(10))
        } _: { loopback async throws in
            var timeouts = UpstreamTimeouts.test
            timeouts.total = Self.short
            let failure = await loopback.failure(loopback.request(timeouts: timeouts))
            #expect(Self.kind(of: failure) == .total)
            try await waitUntil { loopback.server.record.openConnections == 0 }
        }
    }

    @Test("waiting for a free connection counts towards the total timeout")
    func queue() async throws {
        try await Loopback.with(UpstreamConfiguration(maximumConcurrentPerHost: 1)) { _ in
            .nothing(.hang)
        } _: { loopback async throws in
            async let first = loopback.failure()
            try await waitUntil { loopback.server.record.calls == 1 }
            var timeouts = UpstreamTimeouts.test
            timeouts.total = Self.short
            let failure = await loopback.failure(loopback.request(timeouts: timeouts))
            #expect(Self.kind(of: failure) == .queue)
            #expect(failure?.mayHaveBeenBilled == false)
            #expect(loopback.server.record.calls == 1)
            try await loopback.server.stop()
            _ = await first
        }
    }

    @Test("the idle timeout is suspended while the reader is behind")
    func idleWhileBehind() async throws {
        try await Loopback.with(UpstreamConfiguration(bufferBytes: 16 << 10)) { _ in
            .huge(bytes: 1 << 20)
        } _: { loopback async throws in
            var timeouts = UpstreamTimeouts.test
            timeouts.idle = .seconds(1)
            let response = try await loopback.client.send(loopback.request(timeouts: timeouts))
            try await Task.sleep(for: .milliseconds(2200))
            #expect(try await response.collect(upTo: 64 << 20).count == 1 << 20)
        }
    }

    private static func kind(of error: UpstreamError?) -> TimeoutKind? {
        if case .timeout(let kind, _, _, _) = error { kind } else { nil }
    }
}
