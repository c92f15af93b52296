import CoreMetrics
import Domain
import Ledger
import Synchronization
import Upstream

/// Counts failed attempts by model and reason, as `hera_call_failures_total`.
final class FailureMetrics: Sendable {
    private struct Key: Hashable {
        let model: ModelID
        let reason: String
    }

    private let counters = Mutex<[Key: Counter]>([:])
    private let unbilled = Mutex<[ModelID: Counter]>([:])

    /// Counts an attempt that failed without a bill among the failed calls; the others are counted by their entries.
    func countUnbilled(_ model: ModelID) {
        unbilled.withLock { counters in
            let counter =
                counters[model]
                ?? Counter(
                    label: "hera_calls",
                    dimensions: [
                        ("model", model.rawValue), ("kind", "unbilled"), ("outcome", CallOutcome.failed.rawValue),
                    ])
            counters[model] = counter
            counter.increment()
        }
    }

    func count(_ model: ModelID, _ error: UpstreamError) {
        let key = Key(model: model, reason: error.reasonName)
        counters.withLock { counters in
            let counter =
                counters[key]
                ?? Counter(
                    label: "hera_call_failures", dimensions: [("model", model.rawValue), ("reason", key.reason)])
            counters[key] = counter
            counter.increment()
        }
    }
}

extension UpstreamError {
    /// A short name of the failure's kind, for counting.
    package var reasonName: String {
        switch self {
        case .status(let failure):
            if failure.isContextOverflow { return "context_too_long" }
            if failure.isRefusal { return "refused" }
            switch failure.status {
            case 0: return "stream_error"
            case 401, 403: return "unauthorized"
            case 402: return "payment_required"
            case 429: return "rate_limited"
            case 503, 529: return "overloaded"
            default: return "http_\(failure.status)"
            }
        case .invalidRequest: return "unsupported"
        case .noCredentials: return "no_credentials"
        case .connect: return "connect"
        case .tls: return "tls"
        case .timeout(.queue, _, _, _): return "queue_timeout"
        case .timeout(.firstToken, _, _, _): return "first_token_late"
        case .timeout: return "timeout"
        case .reset: return "reset"
        case .tooLarge: return "too_large"
        case .malformed: return "malformed"
        case .overloaded: return "queue_full"
        case .resting: return "resting"
        case .cancelled: return "cancelled"
        case .stopped: return "stopped"
        case .undecided: return "undecided"
        case .outOfRetries(let error): return error.reasonName
        }
    }
}
