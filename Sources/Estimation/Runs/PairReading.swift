/// The numbers that the similarity and the distance of two models' outputs are read from.
package enum PairReading {
    /// What the cosine of two outputs is read from.
    ///
    /// - Parameters:
    ///   - ahead: steps that the model is ahead of its next output; `others`, those that the reference is.
    ///   - usual: how often the two models' aligned outputs were similar on training runs, as log-odds.
    package static func features(
        _ model: ExpectedDirection, ahead: Int, _ reference: ExpectedDirection, ahead others: Int, usual: Float
    ) -> [Double] {
        let product = model.product(reference)
        let lengths = model.length * reference.length
        return [
            1, Double(product), Double(lengths > 1e-6 ? product / lengths : 0), Double(lengths), Double(usual),
            Double(min(others, 4)) / 4, Double(max(0, min(ahead, 4) - others)),
        ]
    }

    package static let count = 7

    /// Look-aheads of the model that distances are read from.
    static let horizons = 3

    /// The counts of the distance estimator.
    /// - Parameters:
    ///   - model: the model's expected next outputs, `horizons` of them.
    ///   - reference: the reference's next output, as known or as expected; `after`, the one after it, as expected.
    ///   - known: position, usual similarity, predicted cosines, starts and base rates of both.
    static func distanceCounts(
        _ model: [ExpectedDirection], _ reference: ExpectedDirection, after: ExpectedDirection, isKnown: Bool,
        known: [Float], history: [Float]
    ) -> [Float] {
        known + [
            isKnown ? 1 : 0, model[0].product(reference), model[1].product(reference), model[2].product(reference),
            model[1].product(after), model[2].product(after), model[0].length, model[1].length, reference.length,
            after.length,
        ] + history + reference.numbers
    }

    static let knownCount = 8
    static let distanceCount = knownCount + 10 + RunText.count + StepEmbedder.dimensions
}
