package import Dialects
import Domain
import JSON
package import Upstream

/// The results of a batch, line by line, with back-pressure on the provider's connection.
///
/// The rows have no order. Reading again begins at the first line.
package struct ProviderBatchResults: AsyncSequence, Sendable {
    package typealias Element = ProviderBatchLine
    package typealias Failure = UpstreamError

    /// Limit of a line in bytes, as for the answer of a call. A longer line is unreadable.
    static let maximumLineBytes = 64 << 20

    let client: UpstreamClient
    let dialect: any BatchWire
    let requests: [UpstreamRequest]
    package var maximumLineBytes = Self.maximumLineBytes

    package struct AsyncIterator: AsyncIteratorProtocol {
        private let client: UpstreamClient
        private let dialect: any BatchWire
        private let maximumLineBytes: Int
        private var requests: ArraySlice<UpstreamRequest>
        /// The file being read.
        private var body: UpstreamBody.AsyncIterator?
        private var host = ""
        private var lines: JSONLines
        /// Received lines that are not read yet, in reverse.
        private var waiting: [JSONLines.Line] = []

        fileprivate init(_ results: ProviderBatchResults) {
            client = results.client
            dialect = results.dialect
            maximumLineBytes = results.maximumLineBytes
            requests = results.requests[...]
            lines = JSONLines(maximumBytes: results.maximumLineBytes)
        }

        /// The next line, or nil after the last one of the last file.
        package mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(UpstreamError) -> ProviderBatchLine? {
            while true {
                if let line = waiting.popLast() { return read(line) }
                if body != nil {
                    try await readOn(isolation: actor)
                } else if let request = requests.popFirst() {
                    let response = try await client.exchange(request)
                    host = response.body.host
                    lines = JSONLines(maximumBytes: maximumLineBytes)
                    body = response.body.makeAsyncIterator()
                } else {
                    return nil
                }
            }
        }

        private mutating func readOn(isolation actor: isolated (any Actor)?) async throws(UpstreamError) {
            if let piece = try await body?.next(isolation: actor) {
                waiting = lines.feed(piece).reversed()
            } else {
                waiting = lines.finish()
                body = nil
            }
        }

        private func read(_ line: JSONLines.Line) -> ProviderBatchLine {
            switch line {
            case .tooLong(let number):
                return .unreadable(line: number, reason: "it is longer than \(maximumLineBytes) bytes")
            case .complete(let number, let bytes):
                do {
                    return dialect.result(try JSONMender.whole(bytes).root, number: number, host: host)
                } catch {
                    return .unreadable(line: number, reason: "it is not JSON: \(error.reason)")
                }
            }
        }
    }

    package func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(self)
    }
}
