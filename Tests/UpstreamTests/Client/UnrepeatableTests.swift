import ScriptedUpstream
import TestSupport
import Testing
import Upstream

@Suite("A request that must not be repeated")
struct UnrepeatableTests {
    @Test("is sent once where its connection breaks", arguments: [ScriptedReply.Cut.reset, .close])
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

    @Test("takes no kept connection, which may be dead, and leaves its own for others")
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
