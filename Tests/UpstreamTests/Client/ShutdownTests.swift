import ScriptedUpstream
import TestSupport
import Testing

@testable import Upstream

@Suite("Shutdown")
struct ShutdownTests {
    @Test("calls in flight finish within the grace period, and new ones are rejected")
    func grace() async throws {
        try await ScriptedUpstream.with { _ in
            .json("finished").delayed(by: .milliseconds(200))
        } _: { server async throws in
            let client = UpstreamClient()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await client.run() }
                async let answer = client.send(UpstreamRequest(url: server.baseURL)).collect(upTo: 100)
                try await waitUntil { server.record.calls == 1 }
                client.stop(grace: .seconds(20))
                await #expect(throws: UpstreamError.stopped) {
                    try await client.send(UpstreamRequest(url: server.baseURL))
                }
                let bytes = try await answer
                #expect(bytes == Array("finished".utf8))
                try await group.waitForAll()
            }
            await #expect(throws: UpstreamError.stopped) { try await client.run() }
            try await waitUntil { server.record.openConnections == 0 }
        }
    }

    @Test("calls that outlast the grace period are aborted")
    func graceEnds() async throws {
        try await ScriptedUpstream.with { _ in
            .nothing(.hang)
        } _: { server async throws in
            let client = UpstreamClient()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await client.run() }
                async let ended = Self.failure(client, server)
                try await waitUntil { server.record.calls == 1 }
                client.stop(grace: .milliseconds(50))
                let failure = await ended
                #expect(failure == .cancelled, "it was sent, and may have been billed")
                try await group.waitForAll()
            }
        }
    }

    @Test("a client whose task is cancelled aborts calls in flight")
    func cancelled() async throws {
        try await ScriptedUpstream.with { _ in
            .nothing(.hang)
        } _: { server async throws in
            let client = UpstreamClient()
            await withTaskGroup(of: Void.self) { group in
                group.addTask { try? await client.run() }
                async let ended = Self.failure(client, server)
                #expect((try? await waitUntil { server.record.calls == 1 }) != nil)
                group.cancelAll()
                let failure = await ended
                #expect(failure == .cancelled, "it was sent, and may have been billed")
            }
        }
    }

    private static func failure(_ client: UpstreamClient, _ server: ScriptedUpstream) async -> UpstreamError? {
        do throws(UpstreamError) {
            _ = try await client.send(UpstreamRequest(url: server.baseURL))
            return nil
        } catch {
            return error
        }
    }
}
