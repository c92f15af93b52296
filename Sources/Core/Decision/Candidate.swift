/// One model as seen by a decision: what it is predicted to do, cost and take for this step.
package struct Candidate: Hashable, Sendable {
    package var model: ModelID
    package var placement: Placement
    package var prediction: Prediction
    /// Similarity, 0...1, of this model's next output to the reference's (SSE). Nil for the reference itself.
    package var similarity: Double?
    /// Probability, 0...1, that this model alone ends the request as well as the reference would (URC).
    package var requestSimilarity: Double?
    /// Expected cost of the step, the price of a lost prompt cache included.
    package var cost: CallCost
    /// No bill for the step can be higher than this; what is reserved before the call.
    package var worstCaseCost: Money
    package var latencySeconds: Double
    package var energyJoules: Double
    /// The way of being served that the cost is of.
    package var serviceTier: ServiceTier
    /// Why the model cannot serve this step, or nil where it can.
    package var rejection: String?

    package init(
        model: ModelID, placement: Placement, prediction: Prediction, similarity: Double? = nil,
        requestSimilarity: Double? = nil, cost: CallCost, worstCaseCost: Money, latencySeconds: Double,
        energyJoules: Double, serviceTier: ServiceTier = .standard, rejection: String? = nil
    ) {
        self.model = model
        self.placement = placement
        self.prediction = prediction
        self.similarity = similarity
        self.requestSimilarity = requestSimilarity
        self.cost = cost
        self.worstCaseCost = worstCaseCost
        self.latencySeconds = latencySeconds
        self.energyJoules = energyJoules
        self.serviceTier = serviceTier
        self.rejection = rejection
    }
}
