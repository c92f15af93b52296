import Foundation

/// A batch that a scripted server was given.
package struct ScriptedBatch: Sendable {
    /// How far it is; the names are OpenAI's.
    package enum Status: String, Sendable {
        case underWay = "in_progress"
        case ended = "completed"
        case failed, expired, cancelling, cancelled
    }

    /// What came of a row.
    package enum Outcome: Sendable {
        case answered(text: String, usage: ScriptedUsage)
        case failed
        case expired
        case cancelled
    }

    package let id: String
    /// The name that the client gave it in its metadata; nil at Anthropic.
    package let name: String?
    package let rows: [ScriptedBatchRow]
    /// Seconds since 1970.
    package let createdAt: Int
    package internal(set) var status: Status
    /// Questions after it so far.
    package internal(set) var polls = 0
    /// What came of each row, in the order of the rows; empty before the end.
    package internal(set) var outcomes: [Outcome] = []
    /// Why it failed as a whole.
    var reason: String?

    init(id: String, name: String?, rows: [ScriptedBatchRow], createdAt: Int, reason: String?) {
        self.id = id
        self.name = name
        self.rows = rows
        self.createdAt = createdAt
        self.reason = reason
        status = .underWay
    }

    var isOver: Bool {
        switch status {
        case .underWay, .cancelling: false
        case .ended, .failed, .expired, .cancelled: true
        }
    }

    func count(_ matches: (Outcome) -> Bool) -> Int { outcomes.count(where: matches) }

    /// Ends it by the rules. Returns what is billed: each answered row, now and never again.
    mutating func end(_ rules: ScriptedBatchRules) -> [(row: ScriptedBatchRow, usage: ScriptedUsage)] {
        guard !isOver else { return [] }
        if reason != nil {
            status = .failed
            return []
        }
        let isStopped = status == .cancelling || rules.expires
        let done = isStopped ? min(rows.count, rules.rowsDoneBeforeStop ?? rows.count / 2) : rows.count
        let rest: Outcome = status == .cancelling ? .cancelled : .expired
        var bill: [(row: ScriptedBatchRow, usage: ScriptedUsage)] = []
        for (index, row) in rows.enumerated() {
            guard index < done else {
                outcomes.append(rest)
                continue
            }
            guard !rules.fails(row) else {
                outcomes.append(.failed)
                continue
            }
            let answer = rules.answer(row)
            outcomes.append(.answered(text: answer.text, usage: answer.usage))
            bill.append((row, answer.usage))
        }
        status = status == .cancelling ? .cancelled : rules.expires ? .expired : .ended
        return bill
    }
}

/// One row of a batch, as the scripted server received it.
package struct ScriptedBatchRow: Hashable, Sendable {
    package let customID: String
    /// The path that the row is for; empty at Anthropic, where it is always the same.
    package let path: String
    package let model: String
    /// The text of the last message.
    package let prompt: String
    /// The request itself.
    package let body: [UInt8]
    package let isStreaming: Bool
    /// The limit of the answer; nil where the row names none.
    package let maximumOutputTokens: Int?

    /// Reads OpenAI's line or Anthropic's element; nil where it is neither.
    init?(_ object: Any) {
        guard let object = object as? [String: Any], let customID = object["custom_id"] as? String,
            let body = (object["body"] ?? object["params"]) as? [String: Any],
            let model = body["model"] as? String, let messages = body["messages"] as? [[String: Any]],
            let bytes = try? JSONSerialization.data(withJSONObject: body, options: .sortedKeys)
        else { return nil }
        self.customID = customID
        path = object["url"] as? String ?? ""
        self.model = model
        self.body = Array(bytes)
        isStreaming = body["stream"] as? Bool ?? false
        maximumOutputTokens = body["max_tokens"] as? Int
        let content = messages.last?["content"]
        prompt = content as? String ?? (content as? [[String: Any]])?.last?["text"] as? String ?? ""
    }

    /// The rows of a file in OpenAI's format; nil where a line is none.
    static func lines(_ bytes: some Sequence<UInt8>) -> [ScriptedBatchRow]? {
        let lines = Array(bytes).split(separator: 0x0A)
        let rows = lines.compactMap { line in
            (try? JSONSerialization.jsonObject(with: Data(line))).flatMap { ScriptedBatchRow($0) }
        }
        return rows.count == lines.count ? rows : nil
    }

    /// The rows of Anthropic's request; nil where one is none.
    static func requests(_ bytes: [UInt8]) -> [ScriptedBatchRow]? {
        guard let object = try? JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any],
            let requests = object["requests"] as? [Any]
        else { return nil }
        let rows = requests.compactMap { ScriptedBatchRow($0) }
        return rows.count == requests.count ? rows : nil
    }
}

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
