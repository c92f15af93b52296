import HTTPTypes
import Hummingbird
import NIOCore
import Steps
import Synchronization

/// Tells a request's work whether its client has left, and tells a client that waits for it to send its body.
struct ConnectionMiddleware: RouterMiddleware {
    typealias Context = HeraContext

    let connections: OpenConnections
    /// The largest body, but for uploads of files.
    let bodyBytes: Int

    func handle(
        _ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        // Before the client is told to go on, and before any of the body is read.
        if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > bodyBytes,
            request.uri.path != "/v1/files"
        {
            throw Request.tooLarge(bodyBytes)
        }
        guard request.method == .post else { return try await next(request, context) }
        let channel = context.channel
        if HTTPField.Name("expect").flatMap({ request.headers[$0] })?.lowercased() == "100-continue" {
            try? await channel.eventLoop.submit {
                try channel.pipeline.syncOperations.handler(type: ConnectionHandler.self).writeContinue()
            }.get()
        }
        guard let presence = connections.presence(on: channel) else { return try await next(request, context) }
        var context = context
        context.caller.hasLeft = { presence.hasLeft }
        return try await next(request, context)
    }
}

/// The clients of the open connections.
///
/// To ask the pipeline instead would send each request to its connection's event loop and back.
final class OpenConnections: Sendable {
    private let clients = Mutex<[ObjectIdentifier: ClientPresence]>([:])

    func presence(on channel: any Channel) -> ClientPresence? {
        clients.withLock { $0[ObjectIdentifier(channel)] }
    }

    func add(_ client: ClientPresence, on channel: any Channel) {
        clients.withLock { $0[ObjectIdentifier(channel)] = client }
    }

    func remove(_ channel: any Channel) {
        clients.withLock { _ = $0.removeValue(forKey: ObjectIdentifier(channel)) }
    }
}

/// Whether the client of a connection is still there.
final class ClientPresence: Sendable {
    private let isGone = Mutex(false)

    var hasLeft: Bool { isGone.withLock { $0 } }

    func leave() { isGone.withLock { $0 = true } }
}

/// Sees the end of a connection while its request is at work, and writes interim responses.
///
/// It is the first in the pipeline, so that what it writes goes to the socket as it is.
final class ConnectionHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let connections: OpenConnections
    private let presence = ClientPresence()
    private var context: ChannelHandlerContext?

    init(_ connections: OpenConnections) { self.connections = connections }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        connections.add(presence, on: context.channel)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        connections.remove(context.channel)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? ChannelEvent, event == .inputClosed { presence.leave() }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        presence.leave()
        context.fireChannelInactive()
    }

    /// Writes `100 Continue`. To be called on the connection's event loop.
    func writeContinue() {
        let line = ByteBuffer(string: "HTTP/1.1 100 Continue\r\n\r\n")
        context?.writeAndFlush(wrapOutboundOut(line), promise: nil)
    }
}

/// Puts a ``ConnectionHandler`` before the HTTP codec of a new connection.
final class ConnectionSetup: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = Never

    private let connections: OpenConnections

    init(_ connections: OpenConnections) { self.connections = connections }

    func handlerAdded(context: ChannelHandlerContext) {
        try? context.pipeline.syncOperations.addHandler(ConnectionHandler(connections), position: .first)
    }
}
