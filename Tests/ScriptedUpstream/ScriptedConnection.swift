import NIOCore

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A connection of the scripted server: reads requests and plays their replies in sequence.
final class ScriptedConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let state: ScriptedState
    private let number: Int
    private var parser = RequestParser()
    private var isAnswering = false

    init(state: ScriptedState, number: Int) {
        self.state = state
        self.number = number
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        do {
            try parser.append(unwrapInboundIn(data).readableBytesView)
            try answerNext(context)
        } catch {
            context.close(promise: nil)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        if isAnswering {
            isAnswering = false
            state.replyEnded(isAbandoned: true)
        }
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func answerNext(_ context: ChannelHandlerContext) throws(RequestParser.Failure) {
        guard !isAnswering, let request = try parser.next() else { return }
        isAnswering = true
        let reply = state.reply(to: request, connection: number)
        play(reply.actions[...], context)
    }

    private func play(_ actions: ArraySlice<ScriptedAction>, _ context: ChannelHandlerContext) {
        guard isAnswering else { return }
        guard let action = actions.first else {
            isAnswering = false
            state.replyEnded(isAbandoned: false)
            do { try answerNext(context) } catch { context.close(promise: nil) }
            return
        }
        let rest = actions.dropFirst()
        switch action {
        case .send(let bytes):
            send(bytes, context) { self.play(rest, context) }
        case .sendRepeatedly(let bytes, let times, let pause):
            guard times != 0 else { return play(rest, context) }
            send(bytes, context) {
                let again = ScriptedAction.sendRepeatedly(bytes, times: times.map { $0 - 1 }, pause: pause)
                self.wait(pause, context) { self.play([again] + rest, context) }
            }
        case .wait(let duration):
            wait(duration, context) { self.play(rest, context) }
        case .bill(let model, let usage):
            state.book(usage, model: model)
            play(rest, context)
        case .close:
            endReply()
            context.close(promise: nil)
        case .reset:
            endReply()
            reset(context)
        case .hang:
            break
        }
    }

    private func endReply() {
        isAnswering = false
        state.replyEnded(isAbandoned: false)
    }

    private func send(_ bytes: [UInt8], _ context: ChannelHandlerContext, then next: @escaping () -> Void) {
        let buffer = context.channel.allocator.buffer(bytes: bytes)
        context.writeAndFlush(wrapOutboundOut(buffer)).assumeIsolated().whenComplete { result in
            guard case .success = result else { return }
            self.state.sent(bytes.count)
            next()
        }
    }

    private func wait(_ duration: Duration, _ context: ChannelHandlerContext, then next: @escaping () -> Void) {
        // Scheduled even without a pause: an endless reply must not recurse without bound.
        context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(duration)) { next() }
    }

    private func reset(_ context: ChannelHandlerContext) {
        guard let options = context.channel as? any SocketOptionProvider else { return context.close(promise: nil) }
        // With SO_LINGER 0, closing sends RST instead of FIN.
        options.setSoLinger(linger(l_onoff: 1, l_linger: 0)).assumeIsolated().whenComplete { _ in
            context.close(promise: nil)
        }
    }
}
