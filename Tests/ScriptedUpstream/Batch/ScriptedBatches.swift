import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The batch interface of a scripted provider, OpenAI's or Anthropic's, with a bill of its own.
///
/// Used in a server's script: `{ batches.reply(to: $0) ?? .completion("live") }`. Rejects invalid requests as the
/// provider does.
package final class ScriptedBatches: Sendable {
    package enum Interface: Sendable { case openAI, anthropic }

    /// Submissions and results so far.
    package struct Record: Sendable {
        /// In order of creation.
        package internal(set) var batches: [ScriptedBatch] = []
        /// Submit requests, including rejected and lost ones.
        package internal(set) var createCalls = 0
        package internal(set) var listCalls = 0
        package internal(set) var cancelCalls = 0
        /// Uploaded files (OpenAI).
        package internal(set) var uploads = 0
        /// Tokens billed, by model.
        package internal(set) var bill: [String: ScriptedUsage] = [:]
        /// Bills per row, by custom id.
        package internal(set) var billedRows: [String: Int] = [:]
    }

    struct State {
        var rules: ScriptedBatchRules
        var record = Record()
        /// Files by id: uploads and results.
        var files: [String: [UInt8]] = [:]
    }

    package let interface: Interface
    private let state: Mutex<State>

    package init(_ interface: Interface, rules: ScriptedBatchRules = ScriptedBatchRules()) {
        self.interface = interface
        state = Mutex(State(rules: rules))
    }

    package var record: Record { state.withLock { $0.record } }

    /// Changes the rules from now on.
    package func change(_ body: @Sendable (inout ScriptedBatchRules) -> Void) {
        state.withLock { body(&$0.rules) }
    }

    /// Ends every running batch.
    package func endAll() {
        state.withLock { state in
            for index in state.record.batches.indices { state.end(index) }
        }
    }

    /// Adds another client's running batch to the list, with a number of rows.
    @discardableResult
    package func addUnrelated(rows: Int, createdAt: Int? = nil) -> String {
        state.withLock { state in
            let rows = (0..<rows).compactMap { number in
                ScriptedBatchRow([
                    "custom_id": "foreign-\(number)",
                    "body": ["model": "foreign", "messages": [["role": "user", "content": "x"]]] as [String: Any],
                ])
            }
            return state.add(name: nil, rows: rows, createdAt: createdAt, reason: nil).id
        }
    }

    /// The reply to a batch request; nil for any other request.
    package func reply(to request: ScriptedRequest) -> ScriptedReply? {
        state.withLock { state in
            switch interface {
            case .openAI: state.openAIReply(to: request)
            case .anthropic: state.anthropicReply(to: request)
            }
        }
    }
}

extension ScriptedBatches.State {
    /// Creates a batch.
    mutating func add(name: String?, rows: [ScriptedBatchRow], createdAt: Int?, reason: String?) -> ScriptedBatch {
        let batch = ScriptedBatch(
            id: "batch_\(record.batches.count + 1)", name: name, rows: rows, createdAt: createdAt ?? time(nil),
            reason: reason)
        record.batches.append(batch)
        return batch
    }

    mutating func end(_ index: Int) {
        for (row, usage) in record.batches[index].end(rules) {
            record.bill[row.model] = record.bill[row.model].map { $0 + usage } ?? usage
            record.billedRows[row.customID, default: 0] += 1
        }
    }

    /// Counts a poll of a batch, which may end it.
    mutating func poll(_ index: Int) {
        record.batches[index].polls += 1
        if let polls = rules.pollsUntilEnd, record.batches[index].polls >= polls { end(index) }
    }

    mutating func cancel(_ index: Int) {
        record.cancelCalls += 1
        if !record.batches[index].isOver { record.batches[index].status = .cancelling }
    }

    func index(of id: some StringProtocol) -> Int? {
        record.batches.firstIndex { $0.id == id }
    }

    /// The scripted fault of a submit request, before the batch is created.
    mutating func faultBeforeCreate() -> ScriptedReply? {
        record.createCalls += 1
        if rules.refusals > 0 {
            rules.refusals -= 1
            return .json(
                #"{"error":{"type":"rate_limit_error","message":"too many batches"}}"#, status: 429,
                headers: [("retry-after", "\(rules.retryAfterSeconds)")])
        }
        guard rules.lostRequests > 0 else { return nil }
        rules.lostRequests -= 1
        return .nothing(.reset)
    }

    /// The reply to a successful submit request, or its scripted loss.
    mutating func replyToCreate(_ body: String) -> ScriptedReply {
        guard rules.lostAnswers > 0 else { return .json(body) }
        rules.lostAnswers -= 1
        return .nothing(.reset)
    }

    /// A page of the list, newest batch first: the batches, and whether there are more.
    mutating func page(limit: Int, after last: String?) -> (batches: [ScriptedBatch], hasMore: Bool) {
        record.listCalls += 1
        if rules.emptyLists > 0 {
            rules.emptyLists -= 1
            return ([], false)
        }
        let newest = record.batches.reversed()
        let rest = last.map { last in newest.drop { $0.id != last }.dropFirst() } ?? newest[...]
        let size = max(1, min(limit, rules.pageSize))
        return (Array(rest.prefix(size)), rest.count > size)
    }

    /// Result lines as a reply, in arbitrary order.
    mutating func results(_ lines: [String]) -> ScriptedReply {
        var lines = Array(lines.reversed())
        if rules.writesMalformedLines {
            lines.insert("this line is no result", at: 0)
            lines.insert("", at: lines.count / 2)
            lines.append(#"{"neither":"this"}"#)
        }
        let body = lines.map { $0 + "\n" }.joined()
        var reply = ScriptedReply([
            .send(
                ScriptedReply.head(
                    200, [("content-type", "application/x-jsonl"), ("content-length", "\(body.utf8.count)")])
                    + Array(body.utf8))
        ])
        if rules.brokenResults > 0 {
            rules.brokenResults -= 1
            reply = reply.cut(afterBytes: 150 + body.utf8.count / 2, by: .reset)
        }
        return reply
    }

    /// An integer query parameter, or nil.
    static func query(_ name: String, in path: String) -> String? {
        let query = path.drop { $0 != "?" }.dropFirst()
        return query.split(separator: "&").first { $0.hasPrefix("\(name)=") }.map {
            String($0.dropFirst(name.count + 1))
        }
    }

    static func failure(_ status: Int, _ message: String) -> ScriptedReply {
        .json(
            """
            {"type":"error","error":{"type":"invalid_request_error","message":\(ScriptedReply.quoted(message))}}
            """,
            status: status)
    }
}
