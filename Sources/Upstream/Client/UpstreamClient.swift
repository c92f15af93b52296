package import Logging
import ServiceLifecycle
import Synchronization

/// An HTTP client for model servers: connection reuse, HTTP/2 over TLS, bounded memory.
///
/// One thread drives all transfers through libcurl while ``run()`` is active. Earlier calls wait for it; later calls
/// fail with ``UpstreamError/stopped``.
///
/// A call is retried once, on a fresh connection, if its connection breaks before the first response byte. A partial
/// status line counts as no byte. The server may then have processed and billed the request twice.
/// ``UpstreamRequest/isCharged`` and ``UpstreamRequest/isRepeatable`` disable the retry. Refused connections, unknown
/// names, failed TLS handshakes and timeouts are never retried. Redirects are not followed. Proxies are those of
/// the configuration alone.
package final class UpstreamClient: Service {
    private enum Phase { case new, running, ended }

    private let configuration: UpstreamConfiguration
    private let logger: Logger
    private let commands = CommandQueue()
    private let phase = Mutex(Phase.new)
    private let hosts: Mutex<HostRule>

    package init(
        configuration: UpstreamConfiguration = UpstreamConfiguration(), logger: Logger = Logger(label: "hera.upstream")
    ) {
        self.configuration = configuration
        hosts = Mutex(configuration.hosts)
        self.logger = logger
    }

    /// Runs until a graceful shutdown or task cancellation. A shutdown gives transfers the configured grace;
    /// cancellation aborts them. Throws ``UpstreamError/stopped`` if called a second time.
    package func run() async throws {
        let isFirst = phase.withLock { phase in
            defer { if phase == .new { phase = .running } }
            return phase == .new
        }
        guard isFirst else { throw UpstreamError.stopped }
        defer { phase.withLock { $0 = .ended } }
        let isStarted = await withTaskCancellationHandler {
            await withGracefulShutdownHandler {
                await runLoop()
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

    /// Replaces which addresses may be connected to, for requests from now on.
    package func replaceHosts(with rule: HostRule) { hosts.withLock { $0 = rule } }

    /// Sends a request and returns once the response's head is complete, with any status.
    ///
    /// Task cancellation follows ``UpstreamRequest/cancellation``.
    package func send(_ request: UpstreamRequest) async throws(UpstreamError) -> UpstreamResponse {
        let origin = try request.validatedOrigin()
        guard !Task.isCancelled else { throw .cancelled }
        let channel = ResponseChannel(
            id: commands.nextID(), capacity: configuration.bufferBytes, cancellation: request.cancellation,
            commands: commands)
        let transfer = TransferRequest(
            id: channel.id, http: request, origin: origin, channel: channel, sentAt: .now,
            hosts: hosts.withLock { $0 })
        guard commands.enqueue(.start(transfer)) else { throw .stopped }
        let head = try await channel.head().get()
        return UpstreamResponse(head: head, body: UpstreamBody(channel: channel, host: origin.host))
    }

    /// Rejects new calls, gives running ones a grace period, then lets ``run()`` return.
    func stop(grace: Duration) {
        commands.enqueue(.stop(grace: grace))
    }

    /// Runs the transfer loop on a new thread; false if the thread or libcurl cannot start.
    private func runLoop() async -> Bool {
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
