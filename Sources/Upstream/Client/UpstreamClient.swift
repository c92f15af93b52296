package import Logging
import ServiceLifecycle
import Synchronization

/// Calls models' servers over HTTP: kept connections, HTTP/2 where TLS offers it, bounded memory, and no surprises.
///
/// All transfers are done by libcurl on one thread of the client's own, which lives while ``run()`` does. Calls sent
/// before wait for it; calls sent after fail with ``UpstreamError/stopped``.
///
/// A call whose connection breaks before the first byte of the answer (a status line cut in two counts as nothing) is
/// sent a second time, on a fresh connection, and never a third; the server may then have done (and billed) the work
/// twice. A request that ``UpstreamRequest/isCharged`` or is not ``UpstreamRequest/isRepeatable`` is sent once. A refused connection, an unknown name, a
/// failed TLS handshake and a timeout are not tried again: a moment later they would end the same way. Redirects are not
/// followed, and proxies of the environment are not used.
package final class UpstreamClient: Service {
    private enum Phase { case new, running, ended }

    private let configuration: UpstreamConfiguration
    private let logger: Logger
    private let commands = CommandQueue()
    private let phase = Mutex(Phase.new)

    package init(
        configuration: UpstreamConfiguration = UpstreamConfiguration(), logger: Logger = Logger(label: "hera.upstream")
    ) {
        self.configuration = configuration
        self.logger = logger
    }

    /// Works until a graceful shutdown, which leaves transfers in flight the configured grace, or until its task is
    /// cancelled, which breaks them off. Once in the life of a client; throws ``UpstreamError/stopped`` a second time.
    package func run() async throws {
        let isFirst = phase.withLock { phase in
            defer { if phase == .new { phase = .running } }
            return phase == .new
        }
        guard isFirst else { throw UpstreamError.stopped }
        defer { phase.withLock { $0 = .ended } }
        let isStarted = await withTaskCancellationHandler {
            await withGracefulShutdownHandler {
                await work()
            } onGracefulShutdown: {
                self.stop(grace: self.configuration.shutdownGrace)
            }
        } onCancel: {
            stop(grace: .zero)
        }
        guard isStarted else {
            throw UpstreamError.invalidRequest(reason: "the system has no thread or memory for the upstream client")
        }
    }

    /// Sends a request and returns when the head of the answer is there, whatever its status.
    ///
    /// Cancelling the waiting task does what the request's ``UpstreamRequest/cancellation`` says.
    package func send(_ request: UpstreamRequest) async throws(UpstreamError) -> UpstreamResponse {
        let origin = try request.validatedOrigin()
        guard !Task.isCancelled else { throw .cancelled }
        let channel = ResponseChannel(
            id: commands.nextID(), capacity: configuration.bufferBytes, cancellation: request.cancellation,
            commands: commands)
        let order = TransferRequest(
            id: channel.id, request: request, origin: origin, channel: channel, sentAt: .now)
        guard commands.post(.start(order)) else { throw .stopped }
        let head = try await channel.head().get()
        return UpstreamResponse(head: head, body: UpstreamBody(channel: channel, host: origin.host))
    }

    /// Takes no more calls, leaves those in flight this long, then lets ``run()`` return.
    func stop(grace: Duration) {
        commands.post(.stop(grace: grace))
    }

    /// False when there was no thread to work on.
    private func work() async -> Bool {
        await withCheckedContinuation { continuation in
            let isStarted = TransferThread.start { [commands, configuration, logger] in
                let loop = TransferLoop(commands: commands, configuration: configuration, logger: logger)
                loop?.run()
                continuation.resume(returning: loop != nil)
            }
            if !isStarted { continuation.resume(returning: false) }
        }
    }
}
