#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// What effort does to the log-odds of a good answer, by kind of task.
///
/// Fitted on LiveBench's table of January 2026 and Aider's leaderboard (both Apache-2.0): the same models at two to four
/// settings, with a constant for each pair of model and benchmark. Knowledge and tools come from MMLU-Pro and BFCL, which
/// have fewer such pairs. Code follows effort least, reasoning most.
package enum EffortCurve {
    /// Log-odds at `none`, `minimal`, `low`, `medium`, `high`, `xhigh` and `max`, less those at `high`.
    private static let curves: [Benchmark.Kind: [Double]] = [
        .reasoning: [-1.63, -1.04, -0.68, -0.25, 0, 0.21, 0.3],
        .chat: [-1.33, -1.15, -0.45, -0.15, 0, 0.16, 0.2],
        .agent: [-0.69, -0.45, -0.31, -0.17, 0, 0.3, 0.4],
        .tools: [-1.1, -0.8, -0.45, -0.15, 0, 0.05, 0.1],
        .code: [-0.15, -0.1, -0.1, -0.05, 0, 0.02, 0.03],
        .knowledge: [-0.25, -0.2, -0.12, -0.05, 0, 0.02, 0.03],
        .classification: [-0.25, -0.2, -0.12, -0.05, 0, 0.02, 0.03],
        .general: [-0.81, -0.59, -0.33, -0.13, 0, 0.14, 0.19],
    ]

    /// Standard deviation of a model's multiple of its kind's curve, between models.
    package static let spread = 0.45
    /// Standard deviation of the difference of two scores of one model on one benchmark, in log-odds.
    private static let noise = 0.44

    /// The log-odds of a level less those at `high`.
    package static func logOdds(_ effort: MeasuredEffort, of kind: Benchmark.Kind) -> Double {
        guard let curve = curves[kind] else { return 0 }
        if let rank = effort.rank { return curve[rank] }
        // The strongest setting, and one between medium and high for what a source leaves unset.
        return effort == .highest ? curve[curve.count - 1] : curve[3] / 2
    }

    /// By kind, a model's multiple of the curve, from its own scores at two settings; kinds without any are absent.
    ///
    /// The posterior mean of a normal prior round 1. It is kept within 0.2...3.
    package static func multiples(
        _ scores: [PublishedScore], benchmarks: [String: Benchmark]
    ) -> [Benchmark.Kind: Double] {
        let named = scores.filter { $0.nearest == nil && $0.effort?.rank != nil }
        var sums: [Benchmark.Kind: (product: Double, square: Double)] = [:]
        for (index, one) in named.enumerated() {
            guard let benchmark = benchmarks[one.benchmark], benchmark.unit == .share, let low = one.effort else {
                continue
            }
            for other in named[(index + 1)...] where other.benchmark == one.benchmark {
                guard let high = other.effort, low != high else { continue }
                let expected = logOdds(high, of: benchmark.kind) - logOdds(low, of: benchmark.kind)
                let seen = logOdds(ofShare: other.score) - logOdds(ofShare: one.score)
                let sum = sums[benchmark.kind] ?? (0, 0)
                sums[benchmark.kind] = (sum.product + seen * expected, sum.square + expected * expected)
            }
        }
        let prior = noise * noise / (spread * spread)
        return sums.mapValues { min(max((prior + $0.product) / (prior + $0.square), 0.2), 3) }
    }

    private static func logOdds(ofShare share: Double) -> Double {
        let bounded = min(max(share, 0.02), 0.98)
        return log(bounded / (1 - bounded))
    }

    /// Change of the log-odds of a model's good answer from one level to another, over the kinds of a text.
    ///
    /// - Parameter kinds: share of each kind in the text; they sum to 1.
    package static func shift(
        from one: MeasuredEffort, to other: MeasuredEffort, kinds: [Benchmark.Kind: Double],
        multiples: [Benchmark.Kind: Double]
    ) -> Double {
        kinds.reduce(0) { sum, kind in
            sum + kind.value * (multiples[kind.key] ?? 1)
                * (logOdds(other, of: kind.key) - logOdds(one, of: kind.key))
        }
    }
}

extension MeasuredEffort {
    /// Whether this setting is a stronger one, also of the two that a source has not named.
    package func isMore(than other: MeasuredEffort) -> Bool {
        EffortCurve.logOdds(self, of: .reasoning) > EffortCurve.logOdds(other, of: .reasoning)
    }
}
