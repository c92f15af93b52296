/// What the estimators read off a step's text, made once and used for all models.
package struct StepFeatures: Sendable {
    let grams: NGrams
    let counts: [Float]
    let recollection: Recollection
    /// The share of each panel of the set that made these features.
    let shares: [Float]

    /// The counts that a panel reads: those of the text, and what other panels remember of the question.
    func counts(forPanel panel: Int) -> [Float] { counts + recollection.counts(notFrom: panel) }
}
