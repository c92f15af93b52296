import Testing

@testable import Domain
@testable import Routing

@Suite("Equal ability")
struct EqualAbilityTests {
    private func candidate(
        _ id: String, _ quality: Double, usual: Double, ability: Double?, nanoUSD: Int64, isMeasured: Bool = false,
        knownShare: Double = 0.1
    ) -> Candidate {
        var candidate = RuleFixture.candidate(id, quality: quality, nanoUSD: nanoUSD)
        candidate.prediction.usual = usual
        candidate.prediction.ability = ability
        candidate.prediction.knownShare = knownShare
        candidate.prediction.basis = isMeasured ? .profile(ModelID(id)) : .scores(ModelID(id))
        return candidate
    }

    private func capped(_ candidates: [Candidate]) -> [Double] {
        var candidates = candidates
        EqualAbility.capLeads(of: &candidates, Array(candidates.indices))
        return candidates.map(\.prediction.quality)
    }

    @Test("a dearer model leads an equally able one by no more than usual, on texts of any difficulty")
    func cap() {
        for quality in [0.2, 0.5, 0.8] {
            let found = capped([
                candidate("cheap", quality, usual: 0.8, ability: 165, nanoUSD: 10),
                candidate("dear", quality + 0.03, usual: 0.81, ability: 166.5, nanoUSD: 20),
            ])
            #expect(found[0] == quality)
            #expect(abs(found[1] - quality - 0.01) < 1e-12)
        }
    }

    @Test("a smaller lead, an abler, a cheaper or a measured model and a recorded kind of text keep their predictions")
    func kept() {
        let cheap = candidate("cheap", 0.5, usual: 0.8, ability: 165, nanoUSD: 10)
        let smaller = candidate("smaller", 0.505, usual: 0.81, ability: 166, nanoUSD: 20)
        let abler = candidate("abler", 0.6, usual: 0.81, ability: 169, nanoUSD: 20)
        let cheaper = candidate("cheaper", 0.55, usual: 0.81, ability: 166, nanoUSD: 5)
        let measured = candidate("measured", 0.6, usual: 0.81, ability: 166, nanoUSD: 20, isMeasured: true)
        let unknown = candidate("unknown", 0.6, usual: 0.81, ability: nil, nanoUSD: 20)
        let recorded = candidate("recorded", 0.6, usual: 0.81, ability: 166, nanoUSD: 20, knownShare: 0.9)
        for other in [smaller, abler, cheaper, measured, unknown, recorded] {
            #expect(capped([cheap, other]) == [0.5, other.prediction.quality])
        }
    }
}
