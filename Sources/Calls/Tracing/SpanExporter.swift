package import Logging
import ServiceLifecycle
package import Upstream

/// Sends spans to a collector by OTLP over HTTP, as JSON, in batches. What the collector does not take is dropped and
/// counted: tracing never holds up a call.
package struct SpanExporter: Service {
    private let queue: SpanQueue
    /// The address of traces, such as `http://127.0.0.1:4318/v1/traces`.
    private let url: String
    private let headers: [(String, String)]
    private let upstream: UpstreamClient
    private let interval: Duration
    private let logger: Logger

    private static let mostTogether = 512

    /// - Parameters:
    ///   - headers: what the collector asks for, such as an authorization.
    ///   - interval: the longest wait of a span.
    package init(
        queue: SpanQueue, url: String, headers: [(String, String)] = [], upstream: UpstreamClient, logger: Logger,
        interval: Duration = .seconds(5)
    ) {
        self.queue = queue
        self.url = url
        self.headers = headers
        self.upstream = upstream
        self.logger = logger
        self.interval = interval
    }

    /// Runs until graceful shutdown, then sends what is left.
    package func run() async {
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                group.addTask {
                    while (try? await Task.sleep(for: interval)) != nil { queue.wake() }
                    queue.close()
                }
                for await _ in queue.wakes { await export() }
                group.cancelAll()
            }
        }
        await export()
    }

    /// Sends all spans that wait.
    package func export() async {
        while true {
            let spans = queue.take(Self.mostTogether)
            if spans.isEmpty { return }
            if let problem = await problem(sending: spans) {
                queue.drop(spans.count)
                logger.warning(
                    "spans were not exported", metadata: ["spans": "\(spans.count)", "reason": "\(problem)"])
            }
        }
    }

    private func problem(sending spans: [RecordedSpan]) async -> String? {
        let request = UpstreamRequest(
            url: url, headers: [("Content-Type", "application/json")] + headers, body: SpanDocument(spans: spans).json,
            timeouts: UpstreamTimeouts(firstByte: .seconds(10), idle: .seconds(10), total: .seconds(10)),
            maximumResponseBytes: 1 << 20)
        do throws(UpstreamError) {
            let response = try await upstream.send(request)
            response.cancel()
            return (200..<300).contains(response.status) ? nil : "status \(response.status)"
        } catch {
            return error.description
        }
    }
}
