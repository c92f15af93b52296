import Foundation
import Testing

@testable import Domain
@testable import Estimation
@testable import Training

@Suite struct ProberTests {
    /// The toy world with a third model, which agrees with the weak one nine times in ten.
    private func rows(count: Int, seed: UInt64, split: Split = .train) -> [OutcomeRow] {
        var random = SeededGenerator(seed: seed &+ 50)
        return SyntheticPanel.rows(count: count, seed: seed, split: split).map { row in
            var row = row
            guard let weak = row.outcomes["weak"] else { return row }
            var copy = weak
            if random.unit() < 0.1 { copy.score = 1 - copy.score }
            copy.outputTokens = (weak.outputTokens ?? 0) * 3
            row.outcomes["new"] = copy
            return row
        }
    }

    @Test("a model that goes with a known one is distinguished from the strong one by few answers")
    func infers() throws {
        let known = try SyntheticPanel.trained.get()
        let found = try Prober().profile("new", rows: rows(count: 120, seed: 21), probes: 24, known: known)
        #expect(found.probes.count == 24)
        let profiles = found.profiles
        #expect(profiles.hasProfile(ModelID("new")))
        let test = rows(count: 100, seed: 31, split: .validation)
        let figures = OutcomeFigures(suite: "toy", rows: test, profiles: profiles)
        let place = try #require(figures.models.firstIndex(of: "new"))
        #expect(try #require(figures.auc[place]) > 0.75)
        let truth = test.reduce(0) { $0 + ($1.outcomes["new"]?.score ?? 0) } / Double(test.count)
        let derived = try #require(profiles.panels[0].derived.first)
        #expect(abs(Double(derived.baseRate) - truth) < 0.2)
        #expect(derived.tokenRatio > 1.5 || profiles.panels[0].models[derived.like] == "strong")
    }

    @Test("only the probes' answers of the new model are read")
    func readsOnlyProbes() throws {
        let known = try SyntheticPanel.trained.get()
        let rows = rows(count: 120, seed: 21)
        let first = try Prober().profile("new", rows: rows, probes: 16, known: known)
        let asked = Set(first.probes.map(\.id))
        let hidden = rows.map { row in
            var row = row
            if !asked.contains(row.id) { row.outcomes["new"]?.score = 0.123 }
            return row
        }
        let second = try Prober().profile("new", rows: hidden, probes: 16, known: known)
        #expect(second.profiles.panels[0].derived[0].encoded() == first.profiles.panels[0].derived[0].encoded())
    }

    @Test("a derived model survives a round trip through its file")
    func coding() throws {
        let folder = NSTemporaryDirectory() + "hera-derived-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let known = try SyntheticPanel.trained.get()
        let profiles = try Prober().profile("new", rows: rows(count: 80, seed: 21), probes: 16, known: known).profiles
        try profiles.write(to: folder)
        let loaded = try ProfileSet.load(directory: folder)
        let features = loaded.features(of: StepText(prompt: "How many apples are 12 and two apples?"))
        #expect(loaded.predict(features, for: ModelID("new")) == profiles.predict(features, for: ModelID("new")))
        #expect(loaded.predict(features, for: ModelID("new")) != nil)
    }

    @Test("too few answers, or a model without comparable outcomes, is refused with the reason")
    func refuses() throws {
        let known = try SyntheticPanel.trained.get()
        #expect(throws: EstimationError.self) {
            try Prober().profile("new", rows: rows(count: 10, seed: 1), probes: 16, known: known)
        }
        #expect(throws: EstimationError.self) {
            try Prober().profile("absent", rows: rows(count: 40, seed: 1), probes: 16, known: known)
        }
    }
}
