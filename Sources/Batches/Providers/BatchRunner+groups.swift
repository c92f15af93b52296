import Calls
import Domain
import Ledger
import Logging
import Routing
import ServiceLifecycle
import Steps

/// The part of a batch's rows that goes to providers, beside those that are called.
extension BatchRunner {
    /// Bytes of requests in one group, below every provider's limit: they are held in memory three times while they are
    /// sent.
    private static let mostGroupBytes = 32 << 20
    /// How often a pause looks whether it is still wanted.
    private static let longestNap = 0.2

    /// Whether a row may still go to a provider: there is as much time left as one may take.
    var leavesProvidersTime: Bool {
        secondsLeft.map { $0 >= stepService.settings.limits.providerWindowSeconds } ?? true
    }

    /// Whether this process ends, or may not work on the batch any more, whatever else was asked.
    var isLeavingNow: Bool { Task.isShuttingDownGracefully || Task.isCancelled || stop.reason == .lost }

    // MARK: FirstByteSignal

    /// Reserves groups for rows that wait for the post; those that no time is left for are called instead.
    func post(_ board: inout BatchContext, _ group: inout TaskGroup<Event>) async {
        guard board.course.post.isWaiting else { return }
        guard leavesProvidersTime else {
            let lines = board.course.post.takeWaiting().map { board.course.planner.table.rows[$0.row].line }
            do throws(ServiceError) {
                try await callInstead(lines, &board)
            } catch {
                board.ending = .failure(error)
            }
            return
        }
        let limits = stepService.settings.limits
        while let parcel = board.course.nextGroup(mostRows: limits.providerRows, mostBytes: Self.mostGroupBytes) {
            let table = board.course.planner.table
            let call = ProviderCall(runner: self, model: table.models[parcel.model], models: table.models)
            let lines = parcel.rows.map { table.rows[$0].line }.sorted()
            group.addTask { .opened(parcel, await call.open(lines: lines)) }
        }
    }

    /// Predicts claimed rows once more, as ordinary calls.
    private func callInstead(_ lines: [Int64], _ board: inout BatchContext) async throws(ServiceError) {
        for piece in Self.pieces(of: lines) {
            for row in try await rows(piece) { try await enter(row, &board) }
        }
    }

    private func enter(_ row: BatchRow, _ board: inout BatchContext) async throws(ServiceError) {
        let models = board.course.planner.table.models
        do throws(ServiceError) {
            let forecast = try stepService.forecast(
                row, terms: terms, models: models, caller: caller, allowsBatchTier: false)
            if board.course.enter(line: row.line, candidates: forecast.candidates, bytes: row.request.count) { return }
            throw .routing(.noCandidate([]))
        } catch {
            try await fail(row.line, error)
            board.failed += 1
            if let known = board.course.row(ofLine: row.line) { board.course.gaveUp(known) }
        }
    }

    func opened(
        _ parcel: ProviderQueue.ProviderChunk, _ opening: ProviderCall.Opening, _ board: inout BatchContext
    ) throws(ServiceError) {
        switch opening {
        case .opened(let group):
            board.course.posted(parcel, as: group.name)
            board.groups[group.name] = ProviderGroupMachine(
                group, pollSeconds: stepService.settings.limits.providerPollSeconds)
        case .unpaid(let refusal):
            board.course.refused(parcel)
            guard parcel.rows.count == 1 else { return }
            if !board.course.isBusy, refusal.scope == .batch(batch.id) {
                board.course.clearPost()
            } else {
                unpaid(refusal, &board)
            }
        case .broken(let error):
            board.course.refused(parcel)
            throw error
        }
    }

    // MARK: On the way

    /// Sets the next thing going for every group that nothing is done for.
    func goOn(_ board: inout BatchContext, _ group: inout TaskGroup<Event>) {
        if board.isLeaving { return }
        for name in board.groups.keys.sorted() where !board.busy.contains(name) {
            guard var course = board.groups[name] else { continue }
            if board.ending != nil {
                course.windUp()
                if model(of: course.group) == nil { course.giveUp() }
            }
            let next = course.next()
            board.groups[name] = course
            guard let next else { continue }
            board.busy.insert(name)
            let record = course.group
            let models = board.course.planner.table.models
            group.addTask { await step(next.action, after: next.pause, record, models) }
        }
    }

    /// Saves where a group stands, waits, and does what is next; the waiting ends early where something else may be.
    private func step(
        _ action: ProviderGroupMachine.Action, after pause: Double, _ group: ProviderGroup, _ models: [PricedModel]
    ) async -> Event {
        do throws(ServiceError) {
            guard let model = model(of: group) else {
                guard case .close(let rest, let words) = action else {
                    throw .unknownModel("\(group.model)", suggestion: nil)
                }
                return .group(group.name, action, try await close(group, rest, words))
            }
            try await ledger { ledger throws(LedgerError) in
                try await ledger.write { try $0.saveGroup(group, of: batch) }
            }
            guard await isRested(pause) else { return .group(group.name, action, nil) }
            let call = ProviderCall(runner: self, model: model, models: models)
            return .group(group.name, action, try await call.perform(action, on: group))
        } catch {
            return .broken(group.name, error)
        }
    }

    /// The model of a group with the price that its rows were reserved at; nil where the catalog has it no more.
    private func model(of group: ProviderGroup) -> PricedModel? {
        stepService.fleet.pricedModel(group.model, at: group.createdAt)
            ?? stepService.fleet.pricedModel(group.model, at: .now())
    }

    /// Waits; false where the batch is asked to stop or runs out of time meanwhile.
    func isRested(_ seconds: Double) async -> Bool {
        let reason = stop.reason
        let wasLate = secondsLeft.map { $0 <= 0 } ?? false
        let begun = ContinuousClock.now
        while true {
            if isLeavingNow || stop.reason != reason { return false }
            if !wasLate, let left = secondsLeft, left <= 0 { return false }
            let rest = seconds - begun.seconds
            if rest <= 0 { return true }
            if (try? await Task.sleep(for: .seconds(min(rest, Self.longestNap)))) == nil { return false }
        }
    }

    /// Leaves word of where the groups stand, for who goes on; what is not written is found out again.
    func saveGroups(_ board: BatchContext) async {
        for course in board.groups.values where !course.isClosed {
            try? await stepService.ledger.write { try $0.saveGroup(course.group, of: batch) }
        }
    }

    // MARK: Ends

    /// Ends a group in the ledger, whatever its provider has come to.
    func close(
        _ group: ProviderGroup, _ rest: UnfinishedRows, _ words: String?
    ) async throws(ServiceError) -> ProviderGroupMachine.Event {
        let fault = words.map {
            BatchFault(line: 0, customID: nil, code: "provider_batch_lost", message: $0).body
        }
        let booked = try await ledger { ledger throws(LedgerError) in
            try await ledger.write { try $0.closeGroup(group, of: batch, rest: rest, fault: fault, at: .now()) }
        }
        if !booked.isEmpty {
            stepService.logger.warning(
                "rows of a provider's batch may have been billed",
                metadata: ["batch": "\(batch.id)", "provider_batch": "\(group.name)", "rows": "\(booked.count)"])
        }
        return .closed
    }

    func take(
        _ event: ProviderGroupMachine.Event, after action: ProviderGroupMachine.Action, of name: String,
        _ board: inout BatchContext
    ) async throws(ServiceError) {
        guard var course = board.groups[name] else { return }
        let before = course.trouble
        course.handle(event, after: action)
        board.groups[name] = course
        if let trouble = course.trouble, trouble != before {
            stepService.logger.warning(
                "provider's batch", metadata: ["batch": "\(batch.id)", "name": "\(name)", "reason": "\(trouble)"])
        }
        switch event {
        case .collected(let harvest), .interrupted(let harvest, _): take(harvest, of: course.group, &board)
        case .failed(let error):
            stepService.logger.info(
                "provider's batch waits", metadata: ["batch": "\(batch.id)", "name": "\(name)", "reason": "\(error)"])
        case .closed: try await closed(course.group, after: action, &board)
        case .found, .sent, .seen: break
        }
    }

    private func take(
        _ harvest: ProviderGroupMachine.GroupResults, of group: ProviderGroup, _ board: inout BatchContext
    ) {
        board.course.post.booked(harvest.booked.count + harvest.refused.count, in: group.name)
        let models = board.course.planner.table.models
        let model = models.firstIndex { $0.model.id == group.model }
        for row in harvest.booked {
            if let known = board.course.row(ofLine: row.line), let model {
                board.course.answered(known, by: model, cost: row.cost)
            } else {
                board.course.answeredAway(cost: row.cost)
            }
        }
        for line in harvest.refused {
            board.failed += 1
            if let known = board.course.row(ofLine: line) { board.course.gaveUp(known) }
        }
    }

    /// Rows that come back from a group are called; they are this process's again as soon as it claims them.
    private func closed(
        _ group: ProviderGroup, after action: ProviderGroupMachine.Action, _ board: inout BatchContext
    ) async throws(ServiceError) {
        board.groups[group.name] = nil
        let rows = board.course.post.ended(group.name).intersection(board.course.open)
        if case .close(_, words: .some) = action {
            for row in rows { board.course.gaveUp(row) }
            board.failed += rows.count
            return
        }
        guard board.ending == nil else {
            // They are pending, and nobody's.
            for row in rows { board.course.gaveUp(row) }
            return
        }
        while true {
            let claimed = try await ledger { ledger throws(LedgerError) in
                try await ledger.write { try $0.claimRows(ofBatch: batch.id, limit: Self.rowsAtOnce) }
            }
            if claimed.isEmpty { break }
            for row in claimed { try await enter(row, &board) }
        }
        // The group's money has come back: rows that it did not suffice for need not wait for the other groups.
        if board.course.hasRoomForPlan { _ = await planAside(&board.course) }
    }
}
