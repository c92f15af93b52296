import Domain
import Testing

@testable import Estimation

@Suite struct AbilityTests {
    private let profile = AbilityProfile(
        conversions: [
            ScoreConversion(benchmark: "eci", isShare: false, isGeneral: true, offset: 0, slope: 1, deviation: 1.5),
            ScoreConversion(benchmark: "index", isShare: false, isGeneral: true, offset: 130, slope: 0.6, deviation: 3),
            ScoreConversion(benchmark: "exam", isShare: true, isGeneral: false, offset: 140, slope: 10, deviation: 4),
        ])

    private func score(
        _ benchmark: String, _ value: Double, effort: MeasuredEffort? = nil, nearest: String? = nil,
        deviation: Double? = nil
    ) throws -> PublishedScore {
        PublishedScore(
            benchmark: benchmark, score: value, effort: effort, source: "test",
            asOf: try #require(CalendarDay("2026-11-01")), licence: "fact", nearest: nearest, deviation: deviation)
    }

    @Test("the ability is the mean of the scores, weighed by their precision")
    func posterior() throws {
        let both = try #require(
            profile.ability(of: PublishedRecord(scores: [try score("eci", 150), try score("index", 50)])))
        #expect(both.points > 150)
        #expect(both.points < 155)
        let one = try #require(profile.ability(of: PublishedRecord(scores: [try score("index", 50)])))
        #expect(abs(one.points - 160) < 1e-6)
        #expect(one.deviation > both.deviation)
        #expect(profile.ability(of: PublishedRecord(scores: [try score("unheard", 1)])) == nil)
    }

    @Test("another model's score is less certain")
    func nearest() throws {
        let own = try #require(profile.ability(of: PublishedRecord(scores: [try score("eci", 150)])))
        let other = try #require(
            profile.ability(of: PublishedRecord(scores: [try score("eci", 150, nearest: "old", deviation: 5)])))
        #expect(abs(other.points - own.points) < 1e-6)
        #expect(other.deviation > own.deviation + 3)
    }

    @Test("a model that is called at a lower effort than measured is less able and less certain")
    func effort() throws {
        let scores = [try score("eci", 150, effort: .highest)]
        let high = try #require(profile.ability(of: PublishedRecord(scores: scores, effort: .max)))
        let none = try #require(profile.ability(of: PublishedRecord(scores: scores, effort: MeasuredEffort.none)))
        #expect(abs(high.points - 150) < 1e-6)
        #expect(abs(none.points - 140) < 1e-6)
        #expect(none.deviation > high.deviation)
    }

    @Test("scores that contradict each other are named, the greatest residual first")
    func contradictions() throws {
        let record = PublishedRecord(
            scores: [try score("eci", 150), try score("index", 33), try score("exam", 0.1)])
        let found = profile.contradictions(in: record)
        #expect(found.map(\.evidence.score.benchmark) == ["exam"])
        #expect(try #require(found.first).residual < -3)
    }

    @Test("a line follows its models, and stays near the usual slope where these are few")
    func line() {
        let steep = (0..<12).map { place -> AbilityLine.Anchor in
            let points = 110 + 2 * Double(place)
            return AbilityLine.Anchor(points: points, kindScore: nil, odds: 0.15 * (points - 120))
        }
        let line = AbilityLine(steep)
        #expect(abs(line.slope - 0.15) < 0.02)
        #expect(abs(line.points(line.odds(127)) - 127) < 1e-9)
        let few = AbilityLine([
            AbilityLine.Anchor(points: 120, kindScore: nil, odds: 0),
            AbilityLine.Anchor(points: 121, kindScore: nil, odds: 2),
        ])
        #expect(abs(few.slope - AbilityLine.priorSlope) < 0.03)
        #expect(few.deviation > line.deviation)
    }

    @Test("a blend's mean probability over the panel's texts is moved to the model's base rate")
    func shift() {
        let panel = PanelAbility(
            panel: "p", models: ["a", "b"], points: [110, 130], deviations: [1, 1], benchmarks: [], benchmarkMeans: [],
            kindScores: [.nan, .nan], ceiling: 0.91, sample: (0..<64).map { Float($0 % 8) / 2 - 1 })
        let weights: [Float] = [0.2, 0.8, 0.5]
        for rate in [0.2, 0.6, 0.9] {
            let shift = panel.shift(of: weights, to: rate)
            let mean = (0..<32).reduce(0.0) { sum, row in
                let odds = zip(weights, panel.sample[(2 * row)...(2 * row + 1)]).reduce(0.5) {
                    $0 + Double($1.0 * $1.1)
                }
                return sum + logistic(odds + shift) / 32
            }
            #expect(abs(mean - rate) < 1e-6)
        }
    }

    @Test("abilities survive their file, and a damaged one is refused")
    func file() throws {
        var whole = profile
        whole.panels = [
            PanelAbility(
                panel: "p", models: ["a", "b"], points: [110, .nan], deviations: [1, .nan], benchmarks: ["exam"],
                benchmarkMeans: [0.5], kindScores: [0.1, .nan], ceiling: 0.91, sample: [1, 2, 3, 4])
        ]
        let bytes = whole.encoded()
        let read = try bytes.withUnsafeBytes { raw in
            var reader = ByteReader(raw)
            return try AbilityProfile(&reader)
        }
        #expect(read.encoded() == bytes)
        #expect(read.panels.first?.points.first == 110)
        #expect(throws: ByteReader.Failure.self) {
            try bytes.dropLast(6).withUnsafeBytes { raw in
                var reader = ByteReader(raw)
                return try AbilityProfile(&reader)
            }
        }
    }
}
