import NIOCore
import NIOPosix
import Synchronization

/// A model server for tests on 127.0.0.1: plays a script, including faults, and keeps its own bill.
package struct ScriptedUpstream: Sendable {
    private let server: any Channel
    private let state: ScriptedState
    package let port: Int

    /// Starts a server on a free port. The script runs once per request on an event loop and must not block.
    package static func start(
        script: @escaping @Sendable (ScriptedRequest) -> ScriptedReply
    ) async throws -> ScriptedUpstream {
        let state = ScriptedState(script: script)
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 512)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                guard let number = state.opened(channel) else { return channel.close() }
                channel.closeFuture.whenComplete { _ in state.closed(channel) }
                return channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(ScriptedConnection(state: state, number: number))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        return ScriptedUpstream(server: server, state: state, port: server.localAddress?.port ?? 0)
    }

    /// Starts a server that plays each reply once, in order, and repeats the last one.
    package static func start(replies: [ScriptedReply]) async throws -> ScriptedUpstream {
        precondition(!replies.isEmpty, "a scripted server needs at least one reply")
        let next = Mutex(0)
        return try await start { _ in
            next.withLock { index in
                defer { index = min(index + 1, replies.count - 1) }
                return replies[index]
            }
        }
    }

    /// The base URL of a catalog's endpoint.
    package var baseURL: String { "http://127.0.0.1:\(port)/v1" }

    /// The record so far.
    package var record: ScriptedRecord { state.record }

    /// Closes the port and all connections.
    package func stop() async throws {
        let channels = state.stop()
        try? await server.close()
        for channel in channels { try? await channel.close() }
    }

    /// Runs a body with a server, then stops the server.
    package static func with<Value>(
        script: @escaping @Sendable (ScriptedRequest) -> ScriptedReply,
        isolation: isolated (any Actor)? = #isolation,
        _ body: (ScriptedUpstream) async throws -> Value
    ) async throws -> Value {
        let server = try await start(script: script)
        do {
            let value = try await body(server)
            try await server.stop()
            return value
        } catch {
            try await server.stop()
            throw error
        }
    }
}
