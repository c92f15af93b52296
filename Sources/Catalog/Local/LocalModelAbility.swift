import Domain
import Foundation

/// The general ability of a local server's model, in points of the Epoch Capabilities Index, before its first call.
///
/// From the nearest scored model of its family, shifted by size; else from the size alone.
struct LocalModelAbility: Hashable, Sendable {
    let points: Double
    /// One standard deviation, in points.
    let deviation: Double
    /// The model or the size that it is read from.
    let nearest: String
    let basis: String

    /// By size in billions. Hera's own table; between its rows, in proportion to the logarithm of the size.
    private static let bySize: [(parameters: Double, points: Double)] = [
        (0.135, 70), (0.5, 82), (1.5, 92), (3, 100), (7, 108), (8, 108), (14, 114), (32, 120), (70, 126),
    ]
    private static let sizeDeviation = 6.0
    /// Points for each factor e in size within a family, as in Catalog/scores.yaml.
    private static let pointsPerFactor = 8.0
    private static let assumedSizeDeviation = 12.0
    /// Added where the nearest model is of another generation.
    private static let generationDeviation = 3.0
    private static let range = 60.0...140.0

    init(_ estimate: LocalModelEstimate, scored: [ScoredMember]) {
        let name = estimate.name
        let size = estimate.parameters
        guard estimate.isSizeKnown, let member = Self.nearest(to: name, size: size, of: scored) else {
            points = Self.points(ofSize: size)
            deviation = estimate.isSizeKnown ? Self.sizeDeviation : Self.assumedSizeDeviation
            nearest = estimate.isSizeKnown ? "models of its size" : "models of 7B"
            basis = estimate.isSizeKnown ? "its size (\(estimate.summary))" : "a size of 7B, assumed"
            return
        }
        let distance = log(size / member.parameters)
        points = min(max(member.points + Self.pointsPerFactor * distance, Self.range.lowerBound), Self.range.upperBound)
        let generations = member.name.generation == name.generation ? 0 : Self.generationDeviation
        deviation = Self.sizeDeviation + 2 * abs(distance) + generations
        nearest = member.id
        basis = "its family and size (\(estimate.summary)), nearest \(member.id)"
    }

    static func points(ofSize billions: Double) -> Double {
        let table = bySize
        guard let upper = table.firstIndex(where: { $0.parameters >= billions }) else { return table.last?.points ?? 0 }
        guard upper > 0 else { return table[0].points }
        let (low, high) = (table[upper - 1], table[upper])
        let share = log(billions / low.parameters) / log(high.parameters / low.parameters)
        return low.points + share * (high.points - low.points)
    }

    /// The nearest in size of the family's own generation, else of the latest one before it. Later generations say
    /// too much of an earlier one.
    private static func nearest(to name: LocalModelName, size: Double, of scored: [ScoredMember]) -> ScoredMember? {
        let family = scored.filter { member in
            guard !name.family.isEmpty, member.name.family == name.family else { return false }
            return member.name.generation == name.generation
                || (member.name.generation ?? .infinity) < (name.generation ?? 0)
        }
        let latest = family.compactMap(\.name.generation).max()
        return family.filter { $0.name.generation == latest }.min {
            (abs(log($0.parameters / size)), $0.id) < (abs(log($1.parameters / size)), $1.id)
        }
    }

    /// A record that says of itself that it is an estimate.
    func record(on day: CalendarDay) -> PublishedRecord {
        PublishedRecord(scores: [
            PublishedScore(
                benchmark: Benchmark.abilityIndex, score: (points * 10).rounded() / 10,
                source: "Hera, estimated from \(basis)",
                asOf: day, licence: "estimate", nearest: nearest, deviation: deviation)
        ])
    }
}

/// A model of the catalog with a score of general ability and a size in its name.
struct ScoredMember: Hashable, Sendable {
    let id: String
    let name: LocalModelName
    /// In billions.
    let parameters: Double
    /// Of the Epoch Capabilities Index.
    let points: Double

    /// The most doubt of a score, in points, that others are read from. Models of local servers have more.
    private static let mostDeviation = 5.0

    /// Nil without a score or without a size in the name.
    init?(_ model: Model) {
        guard let score = model.published?.scores.first(where: { $0.benchmark == Benchmark.abilityIndex }),
            score.deviation ?? 0 <= Self.mostDeviation
        else { return nil }
        let names = [model.endpoint.modelName, model.id.rawValue].map(LocalModelName.init)
        guard let name = names.first(where: { $0.parameters != nil && !$0.family.isEmpty }),
            let parameters = name.parameters
        else { return nil }
        self.init(id: model.id.rawValue, name: name, parameters: parameters, points: score.score)
    }

    init(id: String, name: LocalModelName, parameters: Double, points: Double) {
        self.id = id
        self.name = name
        self.parameters = parameters
        self.points = points
    }
}
