import Foundation

/// A batch at a scripted server.
package struct ScriptedBatch: Sendable {
    /// The status, in OpenAI's terms.
    package enum Status: String, Sendable {
        case underWay = "in_progress"
        case ended = "completed"
        case failed, expired, cancelling, cancelled
    }

    /// The outcome of a row.
    package enum Outcome: Sendable {
        case answered(text: String, usage: ScriptedUsage)
        case failed
        case expired
        case cancelled
    }

    package let id: String
    /// The client's name in the metadata; nil at Anthropic.
    package let name: String?
    package let rows: [ScriptedBatchRow]
    /// Seconds since 1970.
    package let createdAt: Int
    package internal(set) var status: Status
    /// Polls so far.
    package internal(set) var polls = 0
    /// The outcomes in row order; empty before the end.
    package internal(set) var outcomes: [Outcome] = []
    /// The reason of a failure of the whole batch.
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

    /// Ends the batch by the rules. Returns the bill of its answered rows, once.
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

/// One row of a batch, as received.
package struct ScriptedBatchRow: Hashable, Sendable {
    package let customID: String
    /// The row's path; empty at Anthropic, which has only one.
    package let path: String
    package let model: String
    /// The text of the last message.
    package let prompt: String
    /// The request body.
    package let body: [UInt8]
    package let isStreaming: Bool
    /// The output token limit, or nil.
    package let maximumOutputTokens: Int?

    /// Parses OpenAI's line or Anthropic's element; nil if invalid.
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

    /// The rows of a file in OpenAI's format; nil if a line is invalid.
    static func lines(_ bytes: some Sequence<UInt8>) -> [ScriptedBatchRow]? {
        let lines = Array(bytes).split(separator: 0x0A)
        let rows = lines.compactMap { line in
            (try? JSONSerialization.jsonObject(with: Data(line))).flatMap { ScriptedBatchRow($0) }
        }
        return rows.count == lines.count ? rows : nil
    }

    /// The rows of Anthropic's request; nil if one is invalid.
    static func requests(_ bytes: [UInt8]) -> [ScriptedBatchRow]? {
        guard let object = try? JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any],
            let requests = object["requests"] as? [Any]
        else { return nil }
        let rows = requests.compactMap { ScriptedBatchRow($0) }
        return rows.count == requests.count ? rows : nil
    }
}

/// The rules of a scripted batch interface. Fault counters decrease with each fault.
package struct ScriptedBatchRules: Sendable {
    /// Polls (`GET` by id) until a batch ends; nil leaves it to ``ScriptedBatches/endAll()``.
    package var pollsUntilEnd: Int? = 1
    /// The answer to a row, and its billed usage.
    package var answer: @Sendable (ScriptedBatchRow) -> (text: String, usage: ScriptedUsage) = { row in
        ("answer to \(row.prompt)", ScriptedUsage(promptTokens: 10 + row.prompt.count, completionTokens: 5))
    }
    /// Whether a row fails with status 400.
    package var fails: @Sendable (ScriptedBatchRow) -> Bool = { _ in false }
    /// Batches per list page, whatever limit the client requests.
    package var pageSize = 100
    /// Rows done when a batch is cancelled or expires, in order; nil means half.
    package var rowsDoneBeforeStop: Int?

    // MARK: Faults

    /// Submit requests rejected with 429 and `retry-after`, in seconds.
    package var refusals = 0
    package var retryAfterSeconds = 7
    /// Whether metadata is stored; not all servers of OpenAI's dialect do.
    package var storesMetadata = true
    /// Submit requests whose connection is reset after the batch is created.
    package var lostAnswers = 0
    /// Submit requests whose connection is reset before the batch is created.
    package var lostRequests = 0
    /// List requests that show no batch yet.
    package var emptyLists = 0
    /// Batches that fail as a whole with this message (OpenAI only; Anthropic rejects the request itself).
    package var refusesBatchesWith: String?
    /// Batches expire.
    package var expires = false
    /// Results contain malformed lines.
    package var writesMalformedLines = false
    /// The URL of Anthropic's results, if not on this server.
    package var resultsURL: String?
    /// Result downloads that break in the middle.
    package var brokenResults = 0

    package init() {}
}
