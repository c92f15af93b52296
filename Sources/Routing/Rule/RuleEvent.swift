package import Domain

/// What happens to a run, as the rule is told.
package enum RuleEvent: Sendable {
    /// A new step begins.
    case step(RuleStep)
    /// The text predictor has written what models would answer: cosine of each to the reference's.
    case predicted([ModelID: Double])
    /// The text predictor has no answer; why, in words.
    case predictionFailed(String)
    /// The decomposer has named the parts of the step, each with what estimators say of it.
    case decomposed([Part])
    /// The decomposer has no answer; why, in words.
    case decompositionFailed(String)
    /// A model has answered, and is paid.
    case answered(Answer)
    /// A model did not answer; why, in words.
    case failed(ModelID, reason: String)

    /// A part of a step as the decomposer wrote it.
    package struct Part: Hashable, Sendable {
        package var text: String
        /// Similarity of each model's answer to the reference's, for the part's own text; no entry where nobody can tell.
        package var similarity: [ModelID: Double]

        package init(text: String, similarity: [ModelID: Double]) {
            self.text = text
            self.similarity = similarity
        }
    }

    /// An answer that was paid for.
    package struct Answer: Hashable, Sendable {
        package var model: ModelID
        /// Probability that it is acceptable (`verify_m`); nil where only its form was checked.
        package var acceptance: Double?
        /// What is wrong with its form, in words; nil where nothing is.
        package var fault: String?

        package init(model: ModelID, acceptance: Double? = nil, fault: String? = nil) {
            self.model = model
            self.acceptance = acceptance
            self.fault = fault
        }
    }
}
