import HTTPTypes
import Hummingbird
import NIOCore
import Steps
import Synchronization

/// Tells a request's work whether its client has left, and tells a client that waits for it to send its body.
struct ConnectionMiddleware: RouterMiddleware {
    typealias Context = HeraContext

    /// The largest body, but for uploads of files.
    let bodyBytes: Int

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        // Before the client is told to go on, and before any of the body is read.
        if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > bodyBytes,
            request.uri.path != "/v1/files"
        {
            throw Request.tooLarge(bodyBytes)
        }
        guard request.method == .post else { return try await next(request, context) }
        let channel = context.channel
        let wantsContinue = HTTPField.Name("expect").flatMap { request.headers[$0] }?.lowercased() == "100-continue"
        let presence = try? await channel.eventLoop.submit {
            let handler = try channel.pipeline.syncOperations.handler(type: ConnectionHandler.self)
            if wantsContinue { handler.writeContinue() }
            return handler.presence
        }.get()
        guard let presence else { return try await next(request, context) }
        var context = context
        context.caller.hasLeft = { presence.hasLeft }
        return try await next(request, context)
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

    let presence = ClientPresence()
    private var context: ChannelHandlerContext?

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

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

    func handlerAdded(context: ChannelHandlerContext) {
        try? context.pipeline.syncOperations.addHandler(ConnectionHandler(), position: .first)
    }
}
