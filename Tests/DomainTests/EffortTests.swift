import Domain
import JSON
import Testing

@Suite("Effort")
struct EffortTests {
    @Test("more effort never lowers the expected log-odds of any kind", arguments: Benchmark.Kind.allCases)
    func rising(kind: Benchmark.Kind) {
        let values = MeasuredEffort.levels.map { EffortCurve.logOdds($0, of: kind) }
        #expect(values == values.sorted())
        #expect(EffortCurve.logOdds(.high, of: kind) == 0)
        #expect(EffortCurve.logOdds(.highest, of: kind) == values.last)
    }

    @Test("a model's own scores at two settings move its multiple of the curve, another model's do not")
    func multiples() throws {
        let benchmark = Benchmark(name: "b", about: "", unit: .share, range: 0...1, kind: .reasoning)
        func score(_ score: Double, _ effort: MeasuredEffort, nearest: String? = nil) -> PublishedScore {
            PublishedScore(
                benchmark: "b", score: score, effort: effort, source: "s", asOf: CalendarDay(daysSinceEpoch: 0),
                licence: "fact", nearest: nearest)
        }
        func multiple(_ scores: [PublishedScore]) -> Double? {
            EffortCurve.multiples(scores, benchmarks: ["b": benchmark])[.reasoning]
        }
        // The curve falls by 1.63 from high to none; these by 2.7 and 0.4.
        let much = try #require(multiple([score(0.9, .high), score(0.38, .none)]))
        let little = try #require(multiple([score(0.6, .high), score(0.5, .none)]))
        #expect(much > 1.2 && much < 1.7)
        #expect(little < 0.6 && little >= 0.2)
        #expect(multiple([score(0.9, .high), score(0.38, .none, nearest: "x")]) == nil)
        #expect(multiple([score(0.9, .high), score(0.38, .standard)]) == nil)
    }

    @Test("a shift mixes the kinds of a text")
    func shift() {
        let both = EffortCurve.shift(
            from: .high, to: .low, kinds: [.reasoning: 0.5, .code: 0.5], multiples: [.reasoning: 2])
        #expect(abs(both - (0.5 * 2 * -0.68 + 0.5 * -0.1)) < 1e-9)
    }

    @Test("a policy's effort is read, written and checked")
    func rule() throws {
        func policy(_ text: String) throws -> Policy {
            try Policy(json: try JSONDocument(Array(text.utf8)).root)
        }
        #expect(try policy("{}").effort == .standard)
        let low = try policy(#"{"effort": {"at_most": "low"}}"#)
        #expect(low.effort == EffortRule(chooses: true, atMost: .low))
        #expect(low.effort.admits(.minimal) && !low.effort.admits(.medium))
        var writer = JSONWriter(capacity: 64)
        writer.object { low.write(into: &$0) }
        #expect(try Policy(json: try JSONDocument(writer.bytes).root) == low)
        #expect(try policy(#"{"effort": {"choose": false}}"#).effort == .off)
        let error = #expect(throws: FieldError.self) { try policy(#"{"effort": {"at_most": "huge"}}"#) }
        #expect(error?.field == "policy.effort.at_most")
    }
}
