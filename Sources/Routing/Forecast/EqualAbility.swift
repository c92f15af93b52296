import Domain

/// Models whose published abilities cannot be told apart are one choice for all texts unlike recorded ones.
///
/// A text tells how hard it is, and not which of two equally able models is better at it. Their predicted difference
/// grows and falls with the difficulty alone, so a few other words would move a request from one to the other. So the
/// lead of the dearer one is at most its usual lead, and the price of lost quality decides once for all such texts.
enum EqualAbility {
    /// From this share of recorded kinds on, a text's own answers tell more of the models than their abilities.
    static let homeShare = 0.5
    /// Abilities nearer than this, in points, are equal: a published index is off by about 3 points.
    static let points = 3.0

    /// Caps the leads of candidates over cheaper ones of equal ability. Only models known from published scores alone
    /// take part, because recorded answers tell models apart.
    ///
    /// - Parameters:
    ///   - candidates: changed in place.
    ///   - able: those that can serve the step.
    static func capLeads(of candidates: inout [Candidate], _ able: [Int]) {
        let known = able.filter { candidates[$0].prediction.isByAbility }
        guard known.count > 1 else { return }
        let predictions = candidates.map(\.prediction)
        for dear in known {
            let own = predictions[dear]
            var most = own.quality
            for cheap in known where candidates[cheap].cost.total < candidates[dear].cost.total {
                let other = predictions[cheap]
                guard abs((own.ability ?? 0) - (other.ability ?? 0)) < points, other.quality < own.quality else {
                    continue
                }
                most = min(most, other.quality + max(0, own.usual - other.usual))
            }
            candidates[dear].prediction.quality = most
        }
    }
}

extension Prediction {
    /// Whether it rests on general ability, and on no recorded answer of the model.
    fileprivate var isByAbility: Bool {
        guard case .scores = basis, ability != nil, let knownShare else { return false }
        return knownShare < EqualAbility.homeShare
    }
}
