import Domain
import Synchronization

/// The standings of a set's models with answers, each made at its first use.
///
/// Few of them are ever asked for: models with published scores stand by these.
final class MeasuredStandings: Sendable {
    /// What a model's answers say of it.
    private struct Measured {
        /// By its published scores; nil to infer it from the base rates.
        var ability: Ability?
        /// By panel of answers: its share of good answers.
        var baseRates: [Int: Double]
    }

    private let maker: StandingMaker
    /// By canonical name.
    private let models: [String: Measured]
    private let known = Mutex<[String: ModelStanding?]>([:])

    /// - Parameter baseRates: by canonical name, then by panel of answers.
    init(_ maker: StandingMaker, _ ability: AbilityProfile, baseRates: [String: [Int: Double]]) {
        self.maker = maker
        var published: [String: Ability] = [:]
        for panel in ability.panels {
            for (model, name) in panel.models.enumerated() where panel.points[model].isFinite {
                published[ModelName.canonical(name)] = Ability(
                    points: Double(panel.points[model]), deviation: Double(panel.deviations[model]))
            }
        }
        models = Dictionary(
            uniqueKeysWithValues: baseRates.map { ($0, Measured(ability: published[$0], baseRates: $1)) })
    }

    /// The standing of a model, by its canonical name; nil where no panel of answers has it.
    func standing(of name: String) -> ModelStanding? {
        guard let measured = models[name] else { return nil }
        if let found = known.withLock({ $0[name] }) { return found }
        let made = maker.standing(name: name, ability: measured.ability, baseRates: measured.baseRates)
        known.withLock { $0[name] = .some(made) }
        return made
    }
}
