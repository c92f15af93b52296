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
