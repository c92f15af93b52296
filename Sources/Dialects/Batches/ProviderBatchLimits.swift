package import Domain
import JSON
import Upstream

/// How large a batch may be.
package struct ProviderBatchLimits: Hashable, Sendable {
    package let rows: Int
    /// Bytes of the file or body that holds the rows.
    package let bytes: Int
    /// How much longer a row may get by translation.
    let growth: Int

    /// OpenAI: 50,000 rows, 200 MB (API reference, "Create batch").
    package static let openAI = ProviderBatchLimits(rows: 50_000, bytes: 200_000_000, growth: 1)
    /// Anthropic: 100,000 rows, 256 MB (Message Batches, "Batch limitations").
    package static let anthropic = ProviderBatchLimits(rows: 100_000, bytes: 256_000_000, growth: 3)

    /// No less than the bytes that a row takes of ``bytes``; exact would be to translate it. While a batch is sent its
    /// bytes are held three times (rows, request, the library's copy), so a caller may want to stay far below the limit.
    package func upperBytes(of row: ProviderBatchRow) -> Int {
        row.body.bytes.count * growth + 1024
    }

    var tooManyBytes: UpstreamError {
        .invalidRequest(reason: "a batch's rows take at most \(bytes) bytes; send them in several")
    }
}

extension BatchInterface {
    package var limits: ProviderBatchLimits {
        switch self {
        case .openAI: .openAI
        case .anthropic: .anthropic
        }
    }
}
