import ScriptedUpstream
import TestSupport
import Testing

@testable import Upstream

@Suite("Cancellation")
struct CancellationTests {
    @Test("cancelling a task that waits for the head closes the connection")
    func beforeHead() async throws {
        try await Loopback.with { _ in
            .nothing(.hang)
        } _: { loopback async throws in
            await withTaskGroup(of: UpstreamError?.self) { group in
                group.addTask { await loopback.failure() }
                #expect((try? await waitUntil { loopback.server.record.calls == 1 }) != nil)
                group.cancelAll()
                #expect(await group.next() == .cancelled)
            }
            try await waitUntil { loopback.server.record.openConnections == 0 }
            #expect(loopback.server.record.abandonedReplies == 1)
        }
    }

    @Test("cancelling a task that reads closes the connection")
    func whileReading() async throws {
        try await Loopback.with { _ in
            .drip(every: .milliseconds(5))
        } _: { loopback async throws in
            await withTaskGroup(of: UpstreamError?.self) { group in
                group.addTask { await loopback.failure() }
                #expect((try? await waitUntil { loopback.server.record.bytesSent > 200 }) != nil)
                group.cancelAll()
                #expect(await group.next() == .cancelled)
            }
            try await waitUntil { loopback.server.record.openConnections == 0 }
        }
    }

    @Test("releasing a response closes the connection")
    func dropped() async throws {
        try await Loopback.with { _ in
            .drip(every: .milliseconds(5))
        } _: { loopback async throws in
            #expect(try await loopback.client.send(loopback.request()).status == 200)
            try await waitUntil { loopback.server.record.openConnections == 0 }
        }
    }

    @Test("a call cancelled in the queue is never sent")
    func inQueue() async throws {
        try await Loopback.with(UpstreamConfiguration(maximumConcurrentPerHost: 1)) { request in
            request.bodyText == "slow" ? .nothing(.hang) : .json("")
        } _: { loopback async throws in
            async let slow = loopback.failure(loopback.request(body: "slow"))
            try await waitUntil { loopback.server.record.calls == 1 }
            await withTaskGroup(of: UpstreamError?.self) { group in
                group.addTask { await loopback.failure(loopback.request(body: "queued")) }
                group.cancelAll()
                #expect(await group.next() == .cancelled)
            }
            try await loopback.server.stop()
            _ = await slow
            #expect(!loopback.server.record.requests.contains { $0.bodyText == "queued" })
        }
    }

    @Test("a draining call delivers the rest of the response to its cancelled task")
    func drain() async throws {
        let pieces = (1...20).map { "piece \($0)" }
        try await Loopback.with { _ in
            .stream(pieces, delayBetween: .milliseconds(10))
        } _: { loopback async throws in
            let request = loopback.request(cancellation: .drain(within: .seconds(20)))
            let text = try await withThrowingTaskGroup(of: String.self) { group in
                group.addTask { try await loopback.text(request) }
                try await waitUntil { loopback.server.record.bytesSent > 500 }
                group.cancelAll()
                return try await group.next() ?? ""
            }
            #expect(text.contains("piece 20"))
            #expect(text.contains("[DONE]"))
            #expect(loopback.server.record.abandonedReplies == 0)
        }
    }

    @Test("a draining call that takes too long is aborted")
    func drainEnds() async throws {
        try await Loopback.with { _ in
            .drip(every: .milliseconds(5))
        } _: { loopback async throws in
            let request = loopback.request(cancellation: .drain(within: .milliseconds(100)))
            await withTaskGroup(of: UpstreamError?.self) { group in
                group.addTask { await loopback.failure(request) }
                #expect((try? await waitUntil { loopback.server.record.bytesSent > 100 }) != nil)
                group.cancelAll()
                #expect(await group.next() == .cancelled)
            }
            try await waitUntil { loopback.server.record.openConnections == 0 }
        }
    }
}
