import Calls
import Dialects
import Domain
import Ledger
import Logging
import Routing
import Steps
import Upstream

/// What a provider's batch has brought: read line by line, and booked row by row.
extension ProviderCall {
    /// A row's end, to be written in one transaction with those of others.
    fileprivate struct Booking {
        let line: Int64
        let cost: Money
        let commit: StepCommit
        /// Whether the row has its answer or its error.
        let isEnd: Bool
    }

    /// Rows booked in one transaction.
    private static let rowsAtOnce = 64

    /// Reads all results and books those that are not booked yet; to be repeated as a whole where the reading breaks off.
    func collect(_ ended: ProviderBatch, of group: ProviderGroup) async throws(ServiceError)
        -> ProviderGroupMachine.Event
    {
        var results = ProviderGroupMachine.GroupResults()
        var answered: Set<Int64> = []
        var unbilled: [String] = []
        var waiting: [Booking] = []
        var lines: ProviderBatchResults.AsyncIterator
        do throws(UpstreamError) {
            lines = try upstream.results(of: ended, endpoint: endpoint, key: key).makeAsyncIterator()
        } catch {
            return .failed(error)
        }
        while true {
            let next: ProviderBatchLine?
            do throws(UpstreamError) {
                next = try await lines.next(isolation: nil)
            } catch {
                return .interrupted(results, error)
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
                // A row that is told twice is one answer: else it would hide that another one has none.
                if answered.insert(row.line).inserted { results.answered += 1 }
                waiting += try booking(of: answer, body, row, in: group)
            case .failed(let failure) where failure.isCallersFault && !failure.isContextOverflow:
                waiting += refusal(failure, row, in: group)
            case .failed, .expired, .cancelled: unbilled.append(result.customID)
            case .unreadable: results.unreadable += 1
            }
            if waiting.count >= Self.rowsAtOnce {
                try await book(&waiting, into: &results)
            }
        }
        try await book(&waiting, into: &results)
        // Where others may have been billed, these certainly were not; else all are given back at the end.
        if results.unreadable > 0 || results.answered < ended.completed { try await release(unbilled) }
        return .collected(results)
    }

    private func booking(
        of answer: ChatAnswer, _ body: [UInt8], _ row: BatchRow, in group: ProviderGroup
    ) throws(ServiceError) -> [Booking] {
        // One with an end was booked before.
        guard row.status == .claimed else { return [] }
        let prepared = try prepared(row, in: group)
        let bill = Bill(prepared: prepared, priced: model, served: .batch)
        let seconds = max(0, Timestamp.now().seconds - group.createdAt.seconds)
        let usage = answer.usage ?? answer.estimatedUsage(of: prepared.step)
        var kind = answer.usage == nil ? EntryKind.uncertain : .call
        let figures: CallFigures
        do throws(PriceError) {
            figures = try bill.figures(usage: usage, timings: nil, seconds: seconds)
        } catch {
            // Something was billed that the catalog has no price for: the upper bound is booked, never zero.
            runner.stepService.logger.error(
                "unpriced usage", metadata: ["model": "\(model.model.id)", "reason": "\(error)"])
            figures = CallFigures(
                cost: CallCost(api: bill.upperBound.money, energy: .zero, hardware: .zero), energyJoules: 0,
                latencySeconds: seconds)
            kind = .uncertain
        }
        let problem =
            prepared.context.policy.verify ? AnswerCheck(tools: prepared.request.tools).problem(with: answer) : nil
        let baseline =
            problem == nil
            ? bill.baseline(usage: usage, true: figures, timings: nil)
            : Baseline(model: prepared.decision.reference, figures: .zero)
        let id = Self.id(row.line, in: group)
        let entry = LedgerEntry(
            id: id, at: .now(), kind: kind, call: bill.planned(baseline: baseline),
            result: CallResult(
                servedModel: answer.model, usage: usage, figures: figures, energyProvenance: .estimated,
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
        return [Booking(line: row.line, cost: figures.cost.total, commit: commit, isEnd: problem == nil)]
    }

    /// The provider says that the request itself is wrong, which no other model would mend.
    private func refusal(
        _ failure: UpstreamFailure, _ row: BatchRow, in group: ProviderGroup
    ) -> [Booking] {
        guard row.status == .claimed else { return [] }
        let error = ServiceError.refused(model: model.model.id, failure)
        let commit = StepCommit(releases: [Self.id(row.line, in: group)], rows: [runner.result(of: row, error)])
        return [Booking(line: row.line, cost: .zero, commit: commit, isEnd: true)]
    }

    private func book(_ waiting: inout [Booking], into results: inout ProviderGroupMachine.GroupResults)
        async throws(ServiceError)
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
        if try await isBooked(all) {
            for booking in bookings { results.record(booking) }
            return
        }
        // One of them was booked before, by another node: each by itself, then.
        for booking in bookings where try await isBooked(booking.commit) { results.record(booking) }
    }

    /// Books; false where something of it was booked before, and nothing was now.
    private func isBooked(_ commit: StepCommit) async throws(ServiceError) -> Bool {
        do throws(ServiceError) {
            try await runner.commit(commit)
            return true
        } catch {
            guard case .ledger(let problem) = error, problem.isOfSomethingBooked else { throw error }
            return false
        }
    }

    private func release(_ reservations: [String]) async throws(ServiceError) {
        for reservation in reservations { _ = try await isBooked(StepCommit(releases: [reservation])) }
    }
}

extension ProviderGroupMachine.GroupResults {
    fileprivate mutating func record(_ booking: ProviderCall.Booking) {
        guard booking.isEnd else { return }
        if booking.commit.settlements.isEmpty {
            refused.append(booking.line)
        } else {
            booked.append(Row(line: booking.line, cost: booking.cost))
        }
    }
}

extension LedgerError {
    /// Whether the same, or another end of it, is in the ledger already.
    fileprivate var isOfSomethingBooked: Bool {
        switch self {
        case .unknownReservation, .alreadySettled, .duplicate: true
        default: false
        }
    }
}
