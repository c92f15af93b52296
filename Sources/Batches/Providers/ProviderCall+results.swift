import Calls
import Dialects
import Domain
import Ledger
import Logging
import Routing
import Steps
import Upstream

/// Reads the results of a provider batch line by line and books them row by row.
extension ProviderCall {
    /// The commit that settles a row, written in one transaction with those of other rows.
    fileprivate struct Booking {
        let line: Int64
        let cost: Money
        let commit: StepCommit
        /// Whether the row has its answer or its error.
        let isEnd: Bool
    }

    /// Rows booked in one transaction.
    private static let rowsAtOnce = 64

    /// Books the results that are not booked yet. If reading breaks off, it is repeated as a whole.
    func collect(_ ended: ProviderBatch, of group: ProviderGroup) async throws
        -> ProviderGroupMachine.Event
    {
        var results = ProviderGroupMachine.GroupResults()
        var answered: Set<Int64> = []
        var unbilled: [String] = []
        var waiting: [Booking] = []
        var lines: ProviderBatchResults.AsyncIterator
        do throws(UpstreamError) {
            lines = try upstream.results(of: ended, endpoint: endpoint, credentials: try await credentials())
                .makeAsyncIterator()
        } catch {
            return .failed(plain(error))
        }
        while true {
            let next: ProviderBatchLine?
            do throws(UpstreamError) {
                next = try await lines.next(isolation: nil)
            } catch {
                return .interrupted(results, plain(error))
            }
            guard let next else { break }
            guard case .result(let result) = next,
                let number = ProviderBatchSubmission.rowNumber(result.customID, in: group.name),
                let row = try await runner.rows([Int64(number)]).first, row.providerGroup == group.name
            else {
                results.unreadable += 1
                continue
            }
            switch result.outcome {
            case .answered(let answer, let body):
                // A repeated row counts once: otherwise it would hide a row without an answer.
                if answered.insert(row.line).inserted { results.answered += 1 }
                waiting += try booking(of: answer, body, row, in: group)
            case .failed, .expired, .cancelled: unbilled.append(result.customID)
            case .unreadable: results.unreadable += 1
            }
            if waiting.count >= Self.rowsAtOnce {
                try await book(&waiting, into: &results)
            }
        }
        try await book(&waiting, into: &results)
        // These rows were certainly not billed. If no other may have been, all are released when the group closes.
        if results.unreadable > 0 || results.answered < ended.completed { try await release(unbilled) }
        return .collected(results)
    }

    private func booking(
        of answer: ChatAnswer, _ body: [UInt8], _ row: BatchRow, in group: ProviderGroup
    ) throws -> [Booking] {
        // A finished row was booked before.
        guard row.status == .claimed else { return [] }
        let prepared = try prepared(row, in: group)
        let bill = Bill(prepared: prepared, priced: model, served: .batch)
        let seconds = max(0, Timestamp.now().seconds - group.createdAt.seconds)
        let used = bill.used(answer, timings: nil, seconds: seconds, logger: runner.stepService.logger)
        let problem =
            prepared.context.policy.verify ? AnswerCheck(tools: prepared.request.tools).problem(with: answer) : nil
        let baseline =
            problem == nil
            ? bill.baseline(usage: used.usage, true: used.figures, timings: nil)
            : prepared.zeroBaseline
        let id = Self.id(row.line, in: group)
        let entry = LedgerEntry(
            id: id, at: .now(), kind: used.isCertain ? .call : .uncertain, call: bill.planned(baseline: baseline),
            result: CallResult(
                servedModel: answer.model, usage: used.usage, figures: used.figures, energyProvenance: .estimated,
                outcome: problem == nil ? .completed : .failed, httpStatus: 200))
        var commit = StepCommit(settlements: [(id, entry)])
        if problem == nil {
            commit.decisions = [
                DecisionRecord(decision: prepared.decision, attribution: prepared.attribution, at: .now())
            ]
            commit.rows = [
                BatchRowResult(batchID: batch.id, line: row.line, status: .completed, response: body, entryID: id)
            ]
        }
        return [Booking(line: row.line, cost: used.figures.cost.total, commit: commit, isEnd: problem == nil)]
    }

    private func book(_ waiting: inout [Booking], into results: inout ProviderGroupMachine.GroupResults)
        async throws
    {
        guard !waiting.isEmpty else { return }
        let bookings = waiting
        waiting = []
        var all = StepCommit()
        for booking in bookings {
            all.settlements += booking.commit.settlements
            all.releases += booking.commit.releases
            all.decisions += booking.commit.decisions
            all.rows += booking.commit.rows
        }
        if try await commits(all) {
            for booking in bookings { results.record(booking) }
            return
        }
        // Another node has booked one of them before: each is committed by itself.
        for booking in bookings where try await commits(booking.commit) { results.record(booking) }
    }

    /// Commits. False if part of it was booked before; then nothing is written.
    private func commits(_ commit: StepCommit) async throws -> Bool {
        do {
            try await runner.commit(commit)
            return true
        } catch let error as LedgerError where error.isOfSettled {
            return false
        }
    }

    private func release(_ reservations: [String]) async throws {
        for reservation in reservations { _ = try await commits(StepCommit(releases: [reservation])) }
    }
}

extension ProviderGroupMachine.GroupResults {
    fileprivate mutating func record(_ booking: ProviderCall.Booking) {
        if booking.isEnd { booked.append(Row(line: booking.line, cost: booking.cost)) }
    }
}

extension LedgerError {
    /// Whether the reservation or row is settled already.
    fileprivate var isOfSettled: Bool {
        switch self {
        case .unknownReservation, .alreadySettled, .duplicate: true
        default: false
        }
    }
}
