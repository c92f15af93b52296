import Domain
import Estimation

/// Trains how answers follow published scores: conversions between benchmarks, and the known abilities of panels.
struct AbilityTrainer: Sendable {
    /// Standard deviation of a published ability, in points.
    private static let scaleDeviation = 1.5
    /// Fewer models than this give no conversion.
    private static let leastModels = 6
    /// Benchmarks whose conversion is less exact than this, in points, tell nothing of general ability.
    private static let mostDeviation = 9.0
    private static let leastDeviation = 2.0
    /// Sampled texts of a panel.
    private static let sampleSize = 128

    /// - Parameters:
    ///   - panels: panels of answers with their data, in the same order.
    func train(_ book: ScoreBook, _ panels: [(profile: PanelProfile, data: PanelData)]) -> AbilityProfile {
        let records = Self.byCanonicalName(book)
        var profile = AbilityProfile(conversions: conversions(book, records))
        profile.panels = panels.filter { !$0.data.isOfRuns }.map { panel in
            ability(panel.profile, panel.data, records: records, book: book, conversions: profile)
        }
        return profile
    }

    /// The records by canonical name, the first in alphabetical order where several share it.
    static func byCanonicalName(_ book: ScoreBook) -> [String: PublishedRecord] {
        var records: [String: PublishedRecord] = [:]
        for (name, record) in book.records.sorted(by: { $0.key < $1.key }) {
            let name = ModelName.canonical(name)
            if records[name]?.scores.isEmpty ?? true { records[name] = record }
        }
        return records
    }

    private func conversions(
        _ book: ScoreBook, _ records: [String: PublishedRecord]
    ) -> [ScoreConversion] {
        book.benchmarks.values.sorted { $0.name < $1.name }.compactMap { benchmark in
            var line = ScoreConversion(
                benchmark: benchmark.name, isShare: benchmark.unit == .share, isGeneral: benchmark.kind == .general,
                offset: 0, slope: 1, deviation: Self.scaleDeviation)
            if benchmark.name == Benchmark.abilityIndex { return line }
            if let given = benchmark.conversion {
                (line.offset, line.slope, line.deviation) = (given.offset, given.slope, given.deviation)
                line.isShare = false
                return line
            }
            // Calling functions follows general ability so little that its scores count for their own kind only.
            if benchmark.kind == .tools || benchmark.kind == .classification { return nil }
            let pairs = pairs(records, benchmark.name).map { (line.argument($0.score), $0.points) }
            guard pairs.count >= Self.leastModels else { return nil }
            (line.offset, line.slope) = PairMoments(pairs).line()
            var squares = 0.0
            for left in pairs.indices {
                var rest = pairs
                let out = rest.remove(at: left)
                let (offset, slope) = PairMoments(rest).line()
                squares += (out.1 - offset - slope * out.0) * (out.1 - offset - slope * out.0)
            }
            line.deviation = max((squares / Double(pairs.count)).squareRoot(), Self.leastDeviation)
            return line.deviation <= Self.mostDeviation ? line : nil
        }
    }

    /// Models with their own ability and their own score on a benchmark, at its strongest effort.
    private func pairs(
        _ records: [String: PublishedRecord], _ benchmark: String
    ) -> [(score: Double, points: Double)] {
        records.sorted { $0.key < $1.key }.compactMap { _, record in
            let own = record.scores.filter { $0.nearest == nil }
            guard let points = own.first(where: { $0.benchmark == Benchmark.abilityIndex })?.score,
                let score = own.filter({ $0.benchmark == benchmark }).map(\.score).max()
            else { return nil }
            return (score, points)
        }
    }

    private func ability(
        _ panel: PanelProfile, _ data: PanelData, records: [String: PublishedRecord], book: ScoreBook,
        conversions: AbilityProfile
    ) -> PanelAbility {
        let kind = book.panels[panel.name]
        let known = panel.models.map { records[ModelName.canonical($0)] }
        let abilities = known.map { $0.flatMap { conversions.ability(of: $0) } }
        var found = PanelAbility(
            panel: panel.name, models: panel.models, points: abilities.map { Float($0?.points ?? .nan) },
            deviations: abilities.map { Float($0?.deviation ?? .nan) }, benchmarks: [], benchmarkMeans: [],
            kindScores: panel.models.map { _ in .nan }, ceiling: Float(kind?.ceiling ?? 0.985),
            sample: sample(panel, data))
        let benchmarks = book.benchmarks.values.filter { $0.kind == kind?.kind && $0.unit == .share }.map(\.name)
            .sorted()
        for name in benchmarks {
            let odds = known.compactMap { record in
                record?.scores.first { $0.benchmark == name }.map { ScoreConversion.logOdds(ofShare: $0.score) }
            }
            if odds.isEmpty { continue }
            found.benchmarks.append(name)
            found.benchmarkMeans.append(Float(odds.reduce(0, +) / Double(odds.count)))
        }
        found.kindScores = known.map { record in
            Float(record.flatMap { found.kindScore(of: $0)?.score } ?? .nan)
        }
        return found
    }

    /// The log-odds of the panel's models for texts spread evenly over its training rows.
    private func sample(_ panel: PanelProfile, _ data: PanelData) -> [Float] {
        let size = min(Self.sampleSize, data.count)
        return (0..<size).flatMap { place -> [Float] in
            let row = (2 * place + 1) * data.count / (2 * size)
            return panel.probabilities(panel.dense(data.texts[row], data.counts[row])).prefix(panel.models.count)
                .map { Float(logit(Double($0))) }
        }
    }
}

extension ProfileSet {
    /// Reads the ability of every model of recorded rows: by its published scores, else by its profile.
    func abilities(of models: Set<String>, in book: ScoreBook) -> [String: Ability] {
        let records = AbilityTrainer.byCanonicalName(book)
        var found: [String: Ability] = [:]
        for model in models {
            found[model] =
                records[ModelName.canonical(model)].flatMap { ability?.ability(of: $0) }
                ?? standing(of: ModelID(model))?.ability
        }
        return found
    }
}
