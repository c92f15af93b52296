/// What the estimators read off a step's text, made once and used for all models.
package struct StepFeatures: Sendable {
    let grams: NGrams
    let counts: [Float]
    /// The share of each panel of the set that made these features.
    let shares: [Float]
}
