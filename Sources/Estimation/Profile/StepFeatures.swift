/// What the estimators read off a step's text, made once and used for all models.
package struct StepFeatures: Sendable {
    package let grams: NGrams
    let counts: [Float]
    /// How the tools on offer fit the prompt.
    let fit: [Float]
    let recollection: StoredQuestion
    /// What each panel of the set that made these features has of the text.
    package let shares: PanelShares
    /// By panel of that set: the panels that it hears the memory of.
    let heard: [[Bool]]

    package init(
        grams: NGrams, counts: [Float], fit: [Float], recollection: StoredQuestion, shares: PanelShares, heard: [[Bool]]
    ) {
        self.grams = grams
        self.counts = counts
        self.fit = fit
        self.recollection = recollection
        self.shares = shares
        self.heard = heard
    }

    /// The counts that a panel reads: those of the text, what other panels remember of the question, and how the tools
    /// fit it. A panel that was trained before the last of these were read takes as many as it knows.
    package func counts(forPanel panel: Int) -> [Float] { counts + recollection.counts(heard: heard[panel]) + fit }
}
