/// How a scripted batch interface behaves. Counters of faults go down as faults happen.
package struct ScriptedBatchRules: Sendable {
    /// Questions after a batch (`GET` by id) until it ends; nil leaves it to ``ScriptedBatches/endAll()``.
    package var pollsUntilEnd: Int? = 1
    /// The answer to a row, and what is billed for it.
    package var answer: @Sendable (ScriptedBatchRow) -> (text: String, usage: ScriptedUsage) = { row in
        ("answer to \(row.prompt)", ScriptedUsage(promptTokens: 10 + row.prompt.count, completionTokens: 5))
    }
    /// Whether a row is answered with an error (status 400).
    package var fails: @Sendable (ScriptedBatchRow) -> Bool = { _ in false }
    /// Batches in a page of the list, whatever the client asks for at most.
    package var pageSize = 100
    /// Rows that are done when a batch is cancelled or its day runs out, the first ones first; nil is half of them.
    package var rowsDoneBeforeStop: Int?

    // MARK: Faults

    /// Requests for a new batch that are refused with 429 and `retry-after`, in seconds.
    package var refusals = 0
    package var retryAfterSeconds = 7
    /// Whether OpenAI's metadata are kept; not all that speak its dialect do.
    package var keepsNames = true
    /// Requests for a new batch whose connection is reset when the batch has been made.
    package var lostAnswers = 0
    /// Requests for a new batch whose connection is reset, and nothing made.
    package var lostRequests = 0
    /// Lists that do not show any batch yet.
    package var emptyLists = 0
    /// Batches that end as refused as a whole, with these words (OpenAI only; Anthropic refuses the request itself).
    package var refusesBatchesWith: String?
    /// Batches end because their day ran out.
    package var expires = false
    /// Results have lines that are none between the others.
    package var writesRubbish = false
    /// The address of Anthropic's results, where it is to be another than the server's own.
    package var resultsURL: String?
    /// Results that break off in the middle.
    package var brokenResults = 0

    package init() {}
}
