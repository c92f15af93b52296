package import Domain

/// The tokens of a call as its server counted them.
///
/// A usage has two halves, prompt and answer. A half without a believable count is estimated (``filled(by:most:bytes:)``).
/// ``TokenCounts`` decides on the counts of one object by themselves, this type beside earlier counts and the text that came.
package struct ReportedUsage: Hashable, Sendable {
    /// Classes that do not overlap. A half that is not counted holds what is known of it at least, often 0.
    package var usage: Usage
    /// Whether the server counted the prompt.
    package var countsPrompt: Bool
    /// Whether the server counted the whole answer. Counts in the middle of a stream are none.
    package var countsAnswer: Bool
    /// Tokens of both halves together at least, from servers that say no more than that.
    package var total = 0

    package init(usage: Usage, countsPrompt: Bool = true, countsAnswer: Bool = true, total: Int = 0) {
        self.usage = usage
        self.countsPrompt = countsPrompt
        self.countsAnswer = countsAnswer
        self.total = total
    }

    /// The usage of a call whose server counted nothing.
    package static let none = ReportedUsage(usage: Usage(), countsPrompt: false, countsAnswer: false)

    /// The counts of several answers together; nil where one was not counted.
    package init?(sumOf answers: [ChatAnswer]) {
        guard let first = answers.first?.reported else { return nil }
        self = first
        for answer in answers.dropFirst() {
            guard let other = answer.reported else { return nil }
            usage = usage.adding(other.usage)
            countsPrompt = countsPrompt && other.countsPrompt
            countsAnswer = countsAnswer && other.countsAnswer
            total += other.total
        }
    }

    /// The usage as far as it was counted; nil where neither half was.
    package var believed: Usage? { countsPrompt || countsAnswer ? usage : nil }

    /// This count after a later one of the same stream. The larger count of each half stays, so zero replaces nothing.
    package func updated(with later: ReportedUsage?) -> ReportedUsage {
        guard let later else { return self }
        var result = self
        result.total = max(total, later.total)
        let (before, after) = (usage.promptTokens, later.usage.promptTokens)
        if after >= before { result.usage.setPrompt(of: later.usage) }
        result.countsPrompt = countsPrompt || (later.countsPrompt && (after > 0 || before == 0))
        let (written, writtenLater) = (usage.completionTokens, later.usage.completionTokens)
        if writtenLater >= written { result.usage.setAnswer(of: later.usage) }
        let isBelieved = later.countsAnswer && (writtenLater > 0 || written == 0)
        result.countsAnswer = isBelieved || (countsAnswer && writtenLater <= written)
        return result
    }

    /// A token has fewer bytes of text than this.
    private static let mostBytesOfToken = 40
    /// Shorter texts say nothing about their count.
    private static let leastBytesToJudge = 200

    /// The usage to bill: counted halves as they are, the others as estimated.
    ///
    /// - Parameters:
    ///   - estimate: of the bytes that were sent and received. Its answer is 0 where nothing was received.
    ///   - most: tokens that no half can have; a larger count is not believed.
    ///   - bytes: of text that has come. A count of the answer that is far too small for it is not believed.
    /// - Returns: the usage, and whether all of it was counted.
    package func filled(by estimate: Usage, most: Int, bytes: Int = 0) -> (usage: Usage, isCounted: Bool) {
        var result = usage
        // Zero for words that have come is a mistake, and with it a zero for the prompt.
        let isSilent = usage.completionTokens == 0 && estimate.completionTokens > 0
        let hasPrompt = countsPrompt && usage.promptTokens <= most && !(isSilent && usage.promptTokens == 0)
        if !hasPrompt, usage.promptTokens > most || usage.promptTokens < estimate.promptTokens {
            result.setPrompt(of: estimate)
        }
        let isTooSmall =
            bytes >= Self.leastBytesToJudge && usage.completionTokens < bytes / Self.mostBytesOfToken
        let hasAnswer = countsAnswer && usage.completionTokens <= most && !isSilent && !isTooSmall
        if !hasAnswer, usage.completionTokens > most || usage.completionTokens < estimate.completionTokens {
            result.setAnswer(of: estimate)
        }
        guard !hasPrompt || !hasAnswer else { return (result, true) }
        let missing = total - result.promptTokens - result.completionTokens
        if missing > 0, total <= most { result.output += missing }
        return (result, false)
    }
}

extension Usage {
    /// Takes over the classes of what the model read.
    mutating func setPrompt(of other: Usage) {
        (input, cachedRead, cacheWrite5m) = (other.input, other.cachedRead, other.cacheWrite5m)
        (cacheWrite1h, audioInput) = (other.cacheWrite1h, other.audioInput)
    }

    /// Takes over the classes of what the model wrote.
    mutating func setAnswer(of other: Usage) {
        (output, reasoning, audioOutput) = (other.output, other.reasoning, other.audioOutput)
    }
}
