import Domain
import Estimation

/// Fits a `SpeedProfile` on the training rows that hold latencies.
struct SpeedTrainer {
    /// Rows that a model needs.
    static let leastRows = 30
    /// The slowest share of a model's calls is left out: retries and outages say nothing of its speed.
    static let outliers = 0.05

    func train(_ rows: [OutcomeRow]) -> SpeedProfile {
        var calls: [String: [(tokens: Double, seconds: Double)]] = [:]
        for row in rows where row.split == .train {
            for (model, outcome) in row.outcomes {
                guard let tokens = outcome.outputTokens, let seconds = outcome.seconds, seconds > 0 else { continue }
                calls[model, default: []].append((tokens, seconds))
            }
        }
        let enough = calls.filter { $0.value.count >= Self.leastRows }.sorted { $0.key < $1.key }
        return SpeedProfile(models: enough.map(\.key), speeds: enough.map { Self.fit($0.value) })
    }

    /// Least squares of seconds over tokens, both terms at least 0; a slope below 0 becomes the mean alone.
    static func fit(_ calls: [(tokens: Double, seconds: Double)]) -> AnswerSpeed {
        let kept = calls.sorted { ($0.seconds, $0.tokens) < ($1.seconds, $1.tokens) }
            .prefix(max(1, Int(Double(calls.count) * (1 - outliers))))
        let count = Double(kept.count)
        let tokens = kept.reduce(0) { $0 + $1.tokens } / count
        let seconds = kept.reduce(0) { $0 + $1.seconds } / count
        let spread = kept.reduce(0) { $0 + ($1.tokens - tokens) * ($1.tokens - tokens) }
        let common = kept.reduce(0) { $0 + ($1.tokens - tokens) * ($1.seconds - seconds) }
        let slope = spread > 0 ? max(0, common / spread) : 0
        let first = seconds - slope * tokens
        guard first >= 0 else { return AnswerSpeed(firstTokenSeconds: 0, secondsPerToken: seconds / max(tokens, 1)) }
        return AnswerSpeed(firstTokenSeconds: first, secondsPerToken: slope)
    }
}
