import Domain

/// Sums over the parts of a prediction, each times its share of the text.
struct PredictionMixture {
    var share: Float = 0
    var quality = 0.0
    var usual = 0.0
    var worth = 0.0
    /// The standard deviation from what is not known of the model's ability.
    var doubt = 0.0
    var tokens = (mean: 0.0, p95: 0.0, share: 0.0)

    /// Adds a part that predicts quality.
    mutating func add(share: Float, quality: Float, usual: Float, worth: Float, doubt: Double = 0) {
        self.share += share
        self.quality += Double(share * quality)
        self.usual += Double(share * usual)
        self.worth += Double(share * worth)
        self.doubt += Double(share) * doubt
    }

    /// Adds a part that predicts lengths.
    mutating func add(share: Float, tokens mean: Double, p95: Double) {
        tokens.mean += Double(share) * mean
        tokens.p95 += Double(share) * p95
        tokens.share += Double(share)
    }

    /// Divides the sums by the total share.
    mutating func normalize() {
        let scale = share > 0 ? 1 / Double(share) : 0
        quality *= scale
        usual *= scale
        worth *= scale
        doubt *= scale
        share = 1
    }

    /// The expected length; nil where no part predicts lengths.
    var outputTokens: OutputTokens? {
        guard tokens.share > 0 else { return nil }
        return OutputTokens(mean: tokens.mean / tokens.share, p95: max(tokens.p95, tokens.mean) / tokens.share)
    }
}
