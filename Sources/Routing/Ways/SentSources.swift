import Domain

/// A step with each subset of its optional sources; without any, the step as it is.
struct SentSources {
    /// One subset, with the step that sends it.
    struct Subset {
        /// Bit i stands for source i.
        let mask: UInt64
        /// Share of the quality that is expected to be left, 0...1.
        let qualityShare: Double
        let step: Step
    }

    let subsets: [Subset]
    private let sources: StepSources?

    init(_ step: Step) {
        sources = step.sources
        subsets =
            step.sources?.subsets.map {
                Subset(mask: $0.mask, qualityShare: $0.qualityShare, step: step.sending($0))
            } ?? [Subset(mask: 0, qualityShare: 1, step: step)]
    }

    /// The candidate of a way, with what it is sent.
    ///
    /// - Parameter others: the model's other ways, to say what single sources add.
    func candidate(_ way: AskingWays.Way, others: [AskingWays.Way]) -> Candidate {
        var candidate = way.candidate
        if let level = way.level,
            let own = others.first(where: { $0.level == nil && $0.subset.mask == way.subset.mask })?.candidate
        {
            candidate.effort = EffortChoice(
                level: level, own: candidate.effort?.own ?? .standard, ownQuality: own.prediction.quality,
                ownCost: own.cost.total)
        }
        guard let sources else { return candidate }
        let mask = way.subset.mask
        candidate.sources = SourceChoice(
            sent: sources.names(in: mask), left: sources.names(in: sources.all & ~mask), mask: mask,
            worths: worths(way, others: others, of: sources))
        return candidate
    }

    /// Each source's expected gain of quality and cost, where a way without or with it alone was looked at.
    private func worths(_ way: AskingWays.Way, others: [AskingWays.Way], of sources: StepSources) -> [SourceWorth] {
        guard !others.isEmpty else { return [] }
        return sources.sources.indices.compactMap { place in
            let bit = UInt64(1) << UInt64(place)
            let other = others.first {
                $0.subset.mask == way.subset.mask ^ bit && $0.level?.effort == way.level?.effort
            }
            guard let other else { return nil }
            let isSent = way.subset.mask & bit != 0
            let (with, without) = isSent ? (way.candidate, other.candidate) : (other.candidate, way.candidate)
            return SourceWorth(
                id: sources.sources[place].id, isSent: isSent,
                gain: with.prediction.quality - without.prediction.quality,
                cost: Money(nanoUSD: with.cost.total.nanoUSD - without.cost.total.nanoUSD))
        }
    }
}
