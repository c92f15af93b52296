/// What the estimators read off a step's text, made once and used for all models.
package struct StepFeatures: Sendable {
    let grams: NGrams
    let counts: [Float]
    /// How the tools on offer fit the prompt.
    let fit: [Float]
    let recollection: StoredQuestion
    /// What each panel of the set that made these features has of the text.
    let shares: PanelShares
    /// By panel of that set: the panels that it hears the memory of.
    let heard: [[Bool]]

    /// The counts that a panel reads: those of the text, what other panels remember of the question, and how the tools
    /// fit it. A panel that was trained before the last of these were read takes as many as it knows.
    func counts(forPanel panel: Int) -> [Float] { counts + recollection.counts(heard: heard[panel]) + fit }
}
