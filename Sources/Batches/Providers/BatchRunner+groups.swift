import Calls
import Domain
import Ledger
import Logging
import Routing
import ServiceLifecycle
import Steps

/// Rows of a batch that run as provider batches.
extension BatchRunner {
    /// Bytes of requests in one group, below every provider's limit: sending holds them in memory three times.
    private static let mostGroupBytes = 32 << 20
    /// Longest sleep in seconds before a pause checks the stop signal.
    private static let longestSleep = 0.2

    /// Whether a provider's time window still fits before the deadline. Rows that a guardrail checks are called, since a
    /// provider's batch is neither held back nor changed.
    var leavesProvidersTime: Bool {
        guard stepService.settings.guardrail == nil else { return false }
        return secondsLeft.map { $0 >= stepService.settings.limits.providerWindowSeconds } ?? true
    }

    /// Whether this process shuts down or has lost the batch.
    var isLeavingNow: Bool { Task.isShuttingDownGracefully || Task.isCancelled || stop.reason == .lost }

    // MARK: Opening

    /// Reserves groups for queued provider rows; without enough time left, they are called instead.
    func openGroups(_ context: inout BatchContext, _ group: inout TaskGroup<Event>) async {
        guard context.machine.providerQueue.isWaiting else { return }
        guard leavesProvidersTime else {
            let lines = context.machine.providerQueue.removeWaiting().map {
                context.machine.planner.table.rows[$0.row].line
            }
            do {
                try await callInstead(lines, &context)
            } catch {
                context.ending = .failure(error)
            }
            return
        }
        let limits = stepService.settings.limits
        while let chunk = context.machine.nextGroup(mostRows: limits.providerRows, mostBytes: Self.mostGroupBytes) {
            let table = context.machine.planner.table
            let call = ProviderCall(runner: self, model: table.models[chunk.model], models: table.models)
            let lines = chunk.rows.map { table.rows[$0].line }.sorted()
            group.addTask { .opened(chunk, await call.open(lines: lines)) }
        }
    }

    /// Predicts claimed rows again, as ordinary calls.
    private func callInstead(_ lines: [Int64], _ context: inout BatchContext) async throws {
        for piece in Self.pieces(of: lines) {
            for row in try await rows(piece) { try await enter(row, &context) }
        }
    }

    private func enter(_ row: BatchRow, _ context: inout BatchContext) async throws {
        let models = context.machine.planner.table.models
        do {
            let forecast = try stepService.forecast(
                row, terms: terms, models: models, caller: caller, allowsBatchTier: false)
            let isServed = context.machine.enter(
                line: row.line, candidates: forecast.candidates, reserves: forecast.reserves,
                bytes: row.request.count)
            if isServed { return }
            throw RoutingError.noCandidate([])
        } catch {
            try await fail(row.line, error)
            context.failed += 1
            if let known = context.machine.row(ofLine: row.line) { context.machine.abandoned(known) }
        }
    }

    func opened(
        _ chunk: ProviderQueue.ProviderChunk, _ opening: ProviderCall.Opening, _ context: inout BatchContext
    ) throws {
        switch opening {
        case .opened(let group):
            context.machine.opened(chunk, as: group.name)
            context.groups[group.name] = ProviderGroupMachine(
                group, pollSeconds: stepService.settings.limits.providerPollSeconds)
        case .unpaid(let refusal):
            context.machine.refused(chunk)
            guard chunk.rows.count == 1 else { return }
            if !context.machine.isBusy, refusal.scope == .batch(batch.id) {
                context.machine.reassignProviderRows()
            } else {
                unpaid(refusal, &context)
            }
        case .broken(let error):
            context.machine.refused(chunk)
            throw error
        }
    }

    // MARK: Progress

    /// Starts the next action of every idle group.
    func advanceGroups(_ context: inout BatchContext, _ group: inout TaskGroup<Event>) {
        if context.isLeaving { return }
        for name in context.groups.keys.sorted() where !context.busy.contains(name) {
            guard var machine = context.groups[name] else { continue }
            if context.ending != nil {
                machine.windUp()
                if model(of: machine.group) == nil { machine.abandon() }
            }
            let next = machine.next()
            context.groups[name] = machine
            guard let next else { continue }
            context.busy.insert(name)
            let record = machine.group
            let models = context.machine.planner.table.models
            group.addTask { await step(next.action, after: next.pause, record, models) }
        }
    }

    /// Saves a group, pauses, and performs its next action; a stop signal interrupts the pause.
    private func step(
        _ action: ProviderGroupMachine.Action, after pause: Double, _ group: ProviderGroup, _ models: [PricedModel]
    ) async -> Event {
        do {
            guard let model = model(of: group) else {
                guard case .close(let rest, let message) = action else {
                    throw ServiceError.unknownModel("\(group.model)", suggestion: nil)
                }
                return .group(group.name, action, try await close(group, rest, message))
            }
            try await ledger.write { try $0.saveGroup(group, of: batch) }
            guard await didWait(pause) else { return .group(group.name, action, nil) }
            let call = ProviderCall(runner: self, model: model, models: models)
            return .group(group.name, action, try await call.perform(action, on: group))
        } catch {
            return .broken(group.name, error)
        }
    }

    /// The model of a group at the price its rows were reserved with; nil where the catalog dropped it.
    private func model(of group: ProviderGroup) -> PricedModel? {
        stepService.registry.pricedModel(group.model, at: group.createdAt)
            ?? stepService.registry.pricedModel(group.model, at: .now())
    }

    /// Sleeps; false where a stop signal or the deadline interrupts it.
    func didWait(_ seconds: Double) async -> Bool {
        let reason = stop.reason
        let wasLate = secondsLeft.map { $0 <= 0 } ?? false
        let begun = ContinuousClock.now
        while true {
            if isLeavingNow || stop.reason != reason { return false }
            if !wasLate, let left = secondsLeft, left <= 0 { return false }
            let rest = seconds - begun.seconds
            if rest <= 0 { return true }
            if (try? await Task.sleep(for: .seconds(min(rest, Self.longestSleep)))) == nil { return false }
        }
    }

    /// Persists the open provider groups so that the next owner can resume; failed writes are recovered by lookup.
    func saveGroups(_ context: BatchContext) async {
        for machine in context.groups.values where !machine.isClosed {
            try? await stepService.ledger.write { try $0.saveGroup(machine.group, of: batch) }
        }
    }

    // MARK: Closing

    /// Closes a group in the ledger.
    func close(
        _ group: ProviderGroup, _ rest: UnfinishedRows, _ message: String?
    ) async throws -> ProviderGroupMachine.Event {
        let fault = message.map {
            BatchFault(line: 0, customID: nil, code: "provider_batch_lost", message: $0).body
        }
        let booked = try await ledger.write {
            try $0.closeGroup(group, of: batch, rest: rest, fault: fault, at: .now())
        }
        if !booked.isEmpty {
            stepService.logger.warning(
                "uncertain rows of a provider batch booked",
                metadata: ["batch": "\(batch.id)", "provider_batch": "\(group.name)", "rows": "\(booked.count)"])
        }
        return .closed
    }

    func handle(
        _ event: ProviderGroupMachine.Event, after action: ProviderGroupMachine.Action, of name: String,
        _ context: inout BatchContext
    ) async throws {
        guard var machine = context.groups[name] else { return }
        let before = machine.trouble
        machine.handle(event, after: action)
        context.groups[name] = machine
        if let trouble = machine.trouble, trouble != before {
            stepService.logger.warning(
                "provider batch problem", metadata: ["batch": "\(batch.id)", "name": "\(name)", "reason": "\(trouble)"])
        }
        switch event {
        case .collected(let results), .interrupted(let results, _): record(results, of: machine.group, &context)
        case .failed(let error):
            stepService.logger.info(
                "provider batch retries", metadata: ["batch": "\(batch.id)", "name": "\(name)", "reason": "\(error)"])
        case .closed: try await closed(machine.group, after: action, &context)
        case .found, .sent, .seen: break
        }
    }

    private func record(
        _ results: ProviderGroupMachine.GroupResults, of group: ProviderGroup, _ context: inout BatchContext
    ) {
        context.machine.providerQueue.booked(results.booked.count, in: group.name)
        let models = context.machine.planner.table.models
        let model = models.firstIndex { $0.model.id == group.model }
        for row in results.booked {
            if let known = context.machine.row(ofLine: row.line), let model {
                context.machine.answered(known, by: model, cost: row.cost)
            } else {
                context.machine.answeredAtProvider(cost: row.cost)
            }
        }
    }

    /// Handles a closed group: reclaims its returned rows and calls them.
    private func closed(
        _ group: ProviderGroup, after action: ProviderGroupMachine.Action, _ context: inout BatchContext
    ) async throws {
        context.groups[group.name] = nil
        let rows = context.machine.providerQueue.ended(group.name).intersection(context.machine.open)
        if case .close(_, message: .some) = action {
            for row in rows { context.machine.abandoned(row) }
            context.failed += rows.count
            return
        }
        guard context.ending == nil else {
            // The rows stay pending for a later run.
            for row in rows { context.machine.abandoned(row) }
            return
        }
        while true {
            let claimed = try await ledger.write { try $0.claimRows(ofBatch: batch.id, limit: Self.rowsAtOnce) }
            if claimed.isEmpty { break }
            for row in claimed { try await enter(row, &context) }
        }
        // The group's reservation is released: excluded rows may be affordable now.
        if context.machine.hasRoomForPlan { _ = await planExcluded(&context.machine) }
    }
}
