import Domain
import Estimation

/// What a model's predictions rest on before it is called.
enum KnownBy: String {
    /// A profile from recorded answers.
    case answers
    /// A profile from answers to probes.
    case probes
    /// Published scores of this very model.
    case scores
    /// Published scores of its nearest relatives.
    case family
    /// Its class alone.
    case tier

    init(_ model: Model, profiles: ProfileSet?) {
        if let name = model.profile, let profiles, profiles.hasProfile(name) {
            let isLive = profiles.liveProfiles.contains {
                ModelName.canonical($0.name) == ModelName.canonical(name.rawValue)
            }
            self = isLive ? .probes : .answers
        } else if let record = model.published, !record.scores.isEmpty, profiles?.ability != nil {
            self = record.isOfNearest ? .family : .scores
        } else {
            self = .tier
        }
    }
}

extension Model {
    /// Its general ability in points of the Epoch Capabilities Index; nil where nothing tells.
    func ability(by profiles: ProfileSet?) -> Ability? {
        published.flatMap { profiles?.ability?.ability(of: $0) }
            ?? profile.flatMap { profiles?.standing(of: $0)?.ability }
    }
}

/// Compares the published scores of each model with each other.
struct ScoreComparison {
    let models: [Model]
    let ability: AbilityProfile

    /// A warning for the greatest contradiction of each model.
    var lines: [String] {
        models.compactMap { model in
            guard let found = model.published.flatMap({ ability.contradictions(in: $0).first }) else { return nil }
            let own = found.evidence
            return """
                warning: '\(model.id)': \(own.score.benchmark) of \(own.score.score) is what a model of \
                \(Int(own.points.rounded())) points has, the other scores say \(Int(found.others.points.rounded())): \
                compare both with their sources
                """
        }
    }
}
