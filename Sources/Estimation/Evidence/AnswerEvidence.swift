package import Domain

/// What was seen of an answer besides a judge's reading: token probabilities, form, length, time and checks.
package struct AnswerEvidence: Hashable, Sendable {
    /// All pieces, in the order in which they were seen.
    package private(set) var pieces: [Evidence] = []
    /// Change of the log-odds of a right answer by what no judge of words reads.
    package private(set) var beyondWords = 0.0
    /// The same by what judges of words read too. Counts where there is no judge.
    package private(set) var ofWords = 0.0

    /// Bound of either sum: no single answer proves much.
    private static let most = 4.0

    package init() {}

    /// Adds a piece that no judge of words reads.
    package mutating func add(_ name: String, _ finding: String, logOdds: Double? = nil) {
        pieces.append(Evidence(name: name, finding: finding, logOdds: logOdds))
        beyondWords = Self.bounded(beyondWords + (logOdds ?? 0))
    }

    /// For models and texts other than those of the fit.
    private static let shrink = 0.7

    /// Adds a piece that judges of words read too.
    ///
    /// - Parameter logOdds: as fitted; it counts less for models and texts other than those of the fit.
    package mutating func addOfWords(_ name: String, _ finding: String, logOdds: Double) {
        let logOdds = Self.shrink * logOdds
        pieces.append(Evidence(name: name, finding: finding, logOdds: logOdds))
        ofWords = Self.bounded(ofWords + logOdds)
    }

    private static func bounded(_ value: Double) -> Double {
        value.isFinite ? min(max(value, -most), most) : 0
    }
}

extension AnswerEvidence {
    /// Adds what the tokens' probabilities tell, or why they are dropped.
    ///
    /// - Parameter history: the model's usual figures; it learns the answer's.
    package mutating func add(_ tokens: [TokenProbability], written: Int, history: inout TokenHistory) {
        do throws(TokenEvidence.Fault) {
            let evidence = try TokenEvidence(tokens, written: written)
            let standing = history.standing(of: evidence)
            history.record(evidence)
            var words =
                "mean log-probability \(Decimals.two(evidence.mean)), least \(Decimals.two(evidence.least)), at the end "
                + Decimals.two(evidence.ending)
            if let entropy = evidence.decisionEntropy { words += ", entropy at decisions \(Decimals.two(entropy))" }
            words += "; \(Decimals.two(standing.mean)) deviations from the model's usual mean"
            add("token_probability", words, logOdds: standing.logOdds)
        } catch {
            add("token_probability", "dropped: \(error.rawValue)")
        }
    }

    /// Adds the signs in an answer's words and its length. Weights are those of a logistic regression over recorded
    /// answers with the prediction of the question as offset (docs/internals/deep/evidence.md).
    package mutating func add(_ signs: AnswerSigns) {
        // In values of tool calls, such words mean nothing.
        let isText = signs.arguments.count == 0
        if signs.refuses, isText { addOfWords("refusal", "it has words of refusal", logOdds: -2) }
        if signs.hedges > 0, isText {
            addOfWords(
                "hedges", "\(signs.hedges) words of doubt", logOdds: -0.25 * Double(min(signs.hedges, 4)))
        }
        if signs.repetition > 0.1, isText {
            addOfWords(
                "repetition", "\(percent(signs.repetition)) of its word groups are repeated",
                logOdds: -signs.repetition)
        }
        if signs.copied > 0.2 {
            add("copied", "\(percent(signs.copied)) of its word groups stand in the request")
        }
        if signs.arguments.unfounded > 0 {
            let (count, unfounded) = signs.arguments
            addOfWords(
                "arguments", "\(unfounded) of \(count) argument values stand nowhere in the request",
                logOdds: -0.2 * Double(unfounded) / Double(count))
        }
        if abs(signs.excess) > 0.5 {
            let words =
                "\(Decimals.two(abs(signs.excess))) deviations \(signs.excess > 0 ? "longer" : "shorter") than predicted"
            addOfWords("length", words, logOdds: -0.45 * min(max(signs.excess, -1), 3))
        }
    }

    /// Adds how long an answer took against what was expected; recorded only.
    package mutating func add(seconds: Double, expected: Double) {
        guard expected > 0, seconds.isFinite, seconds > 3 * expected else { return }
        add("time", "it took \(Decimals.two(seconds)) s, and \(Decimals.two(expected)) s were expected")
    }
}

/// A share in sentences.
private func percent(_ share: Double) -> String { "\(Int((share * 100).rounded())) %" }
