import Catalog
import Domain
import Estimation
import Foundation
import Training

/// Measured speed of a model on its probes.
struct ProbeSpeed {
    var prefillTokensPerSecond: Double?
    var decodeTokensPerSecond: Double?
    var firstTokenSeconds: Double?

    /// Uses the server's own timings where it reports them, else the time after the first token.
    init(_ answers: [ProbeAnswer]) {
        let firsts = answers.compactMap(\.firstTokenSeconds)
        if !firsts.isEmpty { firstTokenSeconds = firsts.reduce(0, +) / Double(firsts.count) }
        let timings = answers.compactMap(\.timing)
        prefillTokensPerSecond = Self.rate(timings.map { ($0.prefillTokens, $0.prefillSeconds) })
        decodeTokensPerSecond =
            Self.rate(timings.map { ($0.decodeTokens, $0.decodeSeconds) })
            ?? Self.rate(
                answers.compactMap { answer in
                    answer.firstTokenSeconds.map { (max(answer.outputTokens - 1, 0), answer.seconds - $0) }
                })
    }

    private static func rate(_ pieces: [(tokens: Int, seconds: Double)]) -> Double? {
        let seconds = pieces.reduce(0) { $0 + $1.seconds }
        let tokens = pieces.reduce(0) { $0 + $1.tokens }
        return seconds > 0 && tokens > 0 ? Double(tokens) / seconds : nil
    }
}

/// A live profile as text.
struct ProfileReport {
    let profile: LiveProfile
    let answers: [ProbeAnswer]
    let prober: LiveProber
    let path: String

    func text(_ model: ProbedModel) -> String {
        var lines = [
            "\(profile.name): \(number(points, 0)) of \(profile.probes) probes right (\(percent(profile.share)))", "",
        ]
        lines.append("kind".padded(18) + "asked".padded(8) + "right")
        for kind in profile.kinds {
            lines.append(kind.name.padded(18) + "\(kind.asked)".padded(8) + number(kind.points, 0))
        }
        lines += ["", "expected on questions like those of a suite, and the known models on average there:"]
        for expectation in prober.expectations(profile) {
            lines.append(
                "  " + expectation.suite.padded(16) + percent(expectation.share).padded(8) + percent(expectation.others)
            )
        }
        let tokens = answers.reduce(0) { $0 + $1.outputTokens }
        let cost = answers.reduce(0) { $0 + $1.costNanoUSD }
        lines += ["", "\(tokens) output tokens, $\(number(Double(cost) / 1e9, 6)) booked in all"]
        if let speed { lines.append(speed) }
        lines += ["", "written: \(path)"]
        if model.isListed, model.catalog[model.id]?.profile?.rawValue != profile.name {
            lines.append("to use it, put `profile: \(profile.name)` into the entry of \(model.id) in the catalog")
        } else if !model.isListed {
            lines.append("to use it, give the model an entry in the catalog with `profile: \(profile.name)`")
        }
        return lines.joined(separator: "\n")
    }

    private var points: Double { profile.kinds.reduce(0) { $0 + $1.points } }

    /// The `speed` line for the catalog.
    private var speed: String? {
        guard let decode = profile.decodeTokensPerSecond else { return nil }
        let prefill = profile.prefillTokensPerSecond.map { "prefill_tokens_per_s: \(number($0, 0)), " } ?? ""
        let first = profile.firstTokenSeconds.map { "; the first token came after \(number($0, 2)) s" } ?? ""
        return "speed: {\(prefill)decode_tokens_per_s: \(number(decode, 1)), provenance: measured}\(first)"
    }

    private func percent(_ share: Double) -> String { number(share * 100, 0) + " %" }

    private func number(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }
}

extension String {
    /// Padded with blanks at the end.
    fileprivate func padded(_ width: Int) -> String { self + String(repeating: " ", count: max(1, width - count)) }
}
