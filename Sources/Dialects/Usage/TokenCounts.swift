import Domain
import JSON

/// The counts of one `usage` object, and what of them can be believed.
///
/// Counts are believed where parts and total agree; else the larger reading counts. Negative, absurd, missing, null and
/// misspelt counts are unknown.
struct TokenCounts {
    /// More tokens than any call can have.
    private static let absurd: Int64 = 1_000_000_000

    /// All tokens of the prompt, those read from and written to a cache included.
    var prompt: Int?
    var cachedRead = 0
    /// Written to a cache, for 5 minutes or an hour.
    var cacheWrite = 0
    var cacheWrite1h = 0
    var audioInput = 0
    /// All tokens of the answer, reasoning included.
    var answer: Int?
    var reasoning = 0
    var audioOutput = 0
    var total: Int?

    /// A count; nil where it is unknown.
    static func count(_ value: JSONValue?) -> Int? {
        guard let number = value?.integer, number >= 0, number < absurd else { return nil }
        return Int(number)
    }

    /// The first count of an object under one of several names.
    static func count(_ object: JSONValue?, _ names: [String]) -> Int? {
        names.lazy.compactMap { count(object?[$0]) }.first
    }

    /// The counts as a usage; nil where nothing is known.
    func reported() -> ReportedUsage? {
        var counts = self
        counts.deriveHalves()
        guard counts.prompt != nil || counts.answer != nil else {
            guard let total, total > 0 else { return nil }
            return ReportedUsage(usage: Usage(), countsPrompt: false, countsAnswer: false, total: total)
        }
        counts.addPartsBeyondTheirWhole()
        // Every prompt has tokens; two zeros are believed where nothing came (`filled`).
        let isFree = counts.prompt == 0 && counts.answer == 0
        let countsPrompt = counts.prompt.map { $0 > 0 || isFree } ?? false
        let isWhole = countsPrompt && counts.answer != nil
        return ReportedUsage(
            usage: counts.usage, countsPrompt: countsPrompt, countsAnswer: counts.answer != nil,
            total: isWhole ? 0 : total ?? 0)
    }

    /// Takes a missing half from the total.
    private mutating func deriveHalves() {
        guard let total else { return }
        if prompt == nil, let answer, total > answer { prompt = total - answer }
        if answer == nil, let prompt, total > prompt { answer = total - prompt }
    }

    /// Enlarges a half whose parts are counted beside it. What only the total has is reasoning.
    private mutating func addPartsBeyondTheirWhole() {
        guard let prompt, let answer else { return }
        let cached = cachedRead + cacheWrite
        guard let total else {
            if reasoning > answer { self.answer = answer + reasoning }
            return
        }
        let extra = total - prompt - answer
        guard extra > 0 else { return }
        if cached > 0, extra == cached || extra == cached + reasoning { self.prompt = prompt + cached }
        let hidden = extra - ((self.prompt ?? prompt) - prompt)
        guard hidden > 0 else { return }
        self.answer = answer + hidden
        if hidden != reasoning { reasoning += hidden }
    }

    /// Classes that do not overlap. A part is capped by its whole, which is what is billed.
    private var usage: Usage {
        let (prompt, answer) = (prompt ?? 0, answer ?? 0)
        let cached = min(prompt, cachedRead)
        let written = min(prompt - cached, cacheWrite)
        let write1h = min(written, cacheWrite1h)
        let audioInput = min(prompt - cached - written, audioInput)
        let reasoning = min(answer, reasoning)
        let audioOutput = min(answer - reasoning, audioOutput)
        return Usage(
            input: prompt - cached - written - audioInput, cachedRead: cached, cacheWrite5m: written - write1h,
            cacheWrite1h: write1h, output: answer - reasoning - audioOutput, reasoning: reasoning,
            audioInput: audioInput, audioOutput: audioOutput)
    }
}
