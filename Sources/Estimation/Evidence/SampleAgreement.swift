#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// What further answers of the same model tell of one, by whether they agree with it (self-consistency, Wang 2023).
///
/// The number that agrees is beta-binomial, once for right answers and once for wrong ones. So samples of one model are
/// not independent: a model that repeats a mistake is no surprise.
package struct SampleAgreement: Hashable, Sendable {
    /// Samples that agree with the answer.
    package private(set) var agreeing: Int
    /// All samples besides the answer.
    package private(set) var count: Int

    package init(agreeing: Int = 0, count: Int = 0) {
        self.agreeing = agreeing
        self.count = count
    }

    /// Shape of a beta distribution: agreeing and disagreeing samples seen before.
    private struct Shape {
        let agree: Double
        let disagree: Double

        /// Probability that the next sample agrees.
        func next(after samples: SampleAgreement) -> Double {
            (agree + Double(samples.agreeing)) / (agree + disagree + Double(samples.count))
        }

        /// Logarithm of the probability of the samples, without the number of their orders.
        func logLikelihood(of samples: SampleAgreement) -> Double {
            logBeta(agree + Double(samples.agreeing), disagree + Double(samples.count - samples.agreeing))
                - logBeta(agree, disagree)
        }

        private func logBeta(_ a: Double, _ b: Double) -> Double { lgamma(a) + lgamma(b) - lgamma(a + b) }
    }

    // Fitted on samples of one small model (docs/internals/deep/evidence.md).
    private static let right = Shape(agree: 3.0, disagree: 2.5)
    private static let wrong = Shape(agree: 0.5, disagree: 2.0)
    /// For models and texts other than those of the fit.
    private static let shrink = 0.7

    /// Change of the log-odds of a right answer by the samples so far.
    package var logOdds: Double {
        Self.shrink * (Self.right.logLikelihood(of: self) - Self.wrong.logLikelihood(of: self))
    }

    /// Probability that the next sample agrees.
    ///
    /// - Parameter correctness: of the answer, after the samples so far.
    package func nextAgrees(correctness: Double) -> Double {
        correctness * Self.right.next(after: self) + (1 - correctness) * Self.wrong.next(after: self)
    }

    /// The samples with one more.
    package func adding(agrees: Bool) -> SampleAgreement {
        SampleAgreement(agreeing: agreeing + (agrees ? 1 : 0), count: count + 1)
    }
}
