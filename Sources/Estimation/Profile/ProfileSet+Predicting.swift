package import Domain

extension ProfileSet {
    /// The default length of an answer where no source recorded lengths.
    package static let unknownOutputTokens = OutputTokens(mean: 250, p95: 1200)
    /// A panel with a smaller share of the text is skipped, unless it is the model's only panel.
    static let leastShare: Float = 0.05

    /// The prediction for a model on a step; nil without a profile.
    package func predict(_ features: StepFeatures, for model: ModelID) -> Prediction? {
        predictions(features, for: [model])[0]
    }

    /// The predictions for many models. Every panel is evaluated once, so this is cheaper than one model at a time.
    package func predictions(_ features: StepFeatures, for models: [ModelID]) -> [Prediction?] {
        var reading = Reading(self, features)
        return models.map { reading.prediction(of: PredictedModel(profile: $0), sources(of: $0, features)) }
    }

    /// The predictions for models known from profiles or published scores.
    package func predictions(_ features: StepFeatures, of models: [PredictedModel]) -> [Prediction?] {
        var reading = Reading(self, features)
        return models.map { reading.prediction(of: $0, reading.sources(of: $0)) }
    }

    /// The expected cost of a call at the prices of the training data, for replays; nil where unknown.
    package func costs(_ features: StepFeatures, for models: [ModelID]) -> [Double?] {
        var reading = Reading(self, features)
        return models.map { reading.cost(sources(of: $0, features)) }
    }

    /// The known share of a text from which on it is taken for one of the panels' own. Nine of ten of these have more.
    private static let homeShare: Float = 0.85

    /// The part of a text, 0...1, that recorded answers predict. The rest is for general ability.
    /// - Parameter share: the share of the panels that take part.
    func knownShare(_ features: StepFeatures, share: Float) -> Float {
        guard share > 0 else { return 0 }
        return min(1, max(share, features.shares.answers) / Self.homeShare)
    }

    /// One panel's contribution to a prediction.
    struct Source {
        let place: Place
        /// The panel's share of the text.
        let share: Float
    }

    /// The panels of answers with a share of the text that do not know a model.
    ///
    /// Where the panels that know it have most of the text, they speak for the others too.
    func strange(to sources: [Source], _ features: StepFeatures) -> [Int] {
        if sources.reduce(0, { $0 + $1.share }) >= 0.5 { return [] }
        return panels.indices.filter { panel in
            !isOfRuns[panel] && features.shares.step[panel] >= Self.leastShare
                && !sources.contains { $0.place.panel == panel }
        }
    }

    /// The panels that contribute to a model's prediction.
    func sources(of model: ModelID, _ features: StepFeatures) -> [Source] {
        let all = places(of: model).map { Source(place: $0, share: features.shares.step[$0.panel]) }
        let near = all.filter { $0.share >= Self.leastShare }
        if !near.isEmpty || all.count <= 1 { return near.isEmpty ? all : near }
        return all.max { $0.share < $1.share }.map { [$0] } ?? []
    }
}

/// A model to predict: by a profile, by its standing from published scores, or both.
package struct PredictedModel: Sendable {
    /// The name in the catalog.
    package let id: ModelID
    /// The name of its profile; nil without answers.
    package let profile: ModelID?
    /// Its standing from published scores; nil to take that of its profile.
    package let standing: ModelStanding?

    package init(id: ModelID, profile: ModelID?, standing: ModelStanding?) {
        self.id = id
        self.profile = profile
        self.standing = standing
    }

    /// A model known by its profile alone.
    package init(profile name: ModelID) { self.init(id: name, profile: name, standing: nil) }
}

extension AnswerLengths {
    /// The 95 % quantile as a multiple of the mean: a log-normal length of deviation 0.9.
    static let p95 = 2.9

    /// Expected tokens of an answer to a text.
    /// - Parameters:
    ///   - difficulty: points of ability. Answers to trivial texts are short, those to hard ones like those to problems.
    ///   - isStep: whether it is one step of an agent.
    func tokens(difficulty: Double, isStep: Bool) -> Double {
        if isStep { return agentStep }
        let ease = min(max((difficulty - 60) / 50, 0), 1)
        let hard = min(max((difficulty - 110) / 40, 0), 1)
        return (1 - hard) * chat * (0.3 + 0.7 * ease) + hard * reasoning
    }
}
