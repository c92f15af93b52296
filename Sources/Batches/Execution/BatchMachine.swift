import Domain
import Ledger
import Optimization
import Routing

/// State machine of a running batch: rows planned, in flight and done, money spent, and when to replan. No I/O.
struct BatchMachine: Sendable {
    private(set) var planner: BatchPlanner
    private(set) var queue: BatchQueue
    /// Rows queued for, or already at, their model's provider.
    var providerQueue: ProviderQueue
    private(set) var plan: BatchPlanner.Plan?
    /// Index of a row's place in the plan, by row of the table.
    private var places: [Int: Int] = [:]
    /// Rows of the table without a result.
    private(set) var open: Set<Int>
    /// Open rows without a place in the plan.
    private(set) var excluded: Set<Int>
    private var tried: [Int: Set<Int>] = [:]
    /// Calls of a row that found a model busy.
    private var busy: [Int: [Int: Int]] = [:]
    /// A model that is busy for so many calls of a row is left alone by it while there is another.
    private static let mostBusyTries = 2
    /// Models that refused a row, or have no more context than one for which it was too long.
    private var refusals: [Int: Set<Int>] = [:]
    private var attempts: [Int: Int] = [:]
    let budget: Money?
    /// Whether `update(spent:)` supplies the money spent; else it is summed from the answers.
    let readsSpentFromLedger: Bool
    /// Energy limit of all rows; nil for none.
    private let joules: Double?
    private var joulesUsed = 0.0
    /// Known bookings on the batch.
    private(set) var spent: Money
    /// Booked before the present plan was made.
    private var spentBefore = Money.zero
    private var answeredSincePlan = 0
    private var answeredThisRound = 0
    /// Rows answered by this process, how many of them it had predicted, and the sum of their predicted accuracies.
    private(set) var answered = 0
    private(set) var predicted = 0
    private(set) var accuracySum = 0.0
    /// Row of the table by input line.
    private var rowsByLine: [Int64: Int]

    /// A row fails after this many attempts without an answer.
    static let mostAttempts = 5
    private static let driftToReplan = 0.1

    init(
        planner: BatchPlanner, plan: BatchPlanner.Plan?, budget: Money?, spent: Money, readsSpentFromLedger: Bool,
        joules: Double? = nil
    ) {
        self.planner = planner
        self.budget = budget
        self.readsSpentFromLedger = readsSpentFromLedger
        self.joules = joules
        self.spent = spent
        queue = BatchQueue(table: planner.table, concurrency: planner.terms.concurrency)
        providerQueue = ProviderQueue()
        rowsByLine = Dictionary(
            planner.table.rows.enumerated().map { ($1.line, $0) }, uniquingKeysWith: { first, _ in first })
        open = Set(planner.table.rows.indices)
        excluded = open
        adopt(plan)
    }

    var table: BatchTable { planner.table }

    /// Money not spent, reservations of calls in flight included; nil for no limit.
    var left: Money? { budget.map { (try? $0.subtracting(spent)) ?? .zero } }

    /// Energy left after the predicted use of the answered rows; nil for no limit.
    var joulesLeft: Double? { joules.map { max(0, $0 - joulesUsed) } }

    /// Nano-USD neither spent nor reserved; nil for no limit.
    var free: Int64? { left.map { $0.nanoUSD - queue.reserved.nanoUSD - providerQueue.held.nanoUSD } }

    /// Whether calls are in flight or rows are at a provider, so that reserved money may be released.
    var isBusy: Bool { queue.runningCount > 0 || !providerQueue.isIdle }

    // MARK: Plans

    /// Adopts a plan for excluded rows.
    mutating func adopt(_ plan: BatchPlanner.Plan?) {
        self.plan = plan
        places = [:]
        answeredSincePlan = 0
        answeredThisRound = 0
        spentBefore = spent
        guard let plan else { return }
        for (place, row) in plan.rows.enumerated() { places[row] = place }
        excluded.subtract(plan.rows)
        assign(zip(plan.rows, plan.batch.choice).map { (row: $0, model: $1) })
    }

    /// Queues each row for a call or for a provider batch, by the tier of its model.
    private mutating func assign(_ planned: [(row: Int, model: Int)]) {
        // A plan knows nothing of refusals.
        let choices = planned.map { row, model in
            guard let refused = refusals[row], refused.contains(model) else { return (row: row, model: model) }
            return (row: row, model: best(row, avoiding: refused) ?? model)
        }
        queue.assign(choices.filter { !usesBatchTier($0.row, $0.model) })
        providerQueue.assign(choices.filter { usesBatchTier($0.row, $0.model) })
    }

    private mutating func enqueue(_ row: Int, model: Int) {
        if usesBatchTier(row, model) { providerQueue.add(row, model: model) } else { queue.add(row, model: model) }
    }

    private func usesBatchTier(_ row: Int, _ model: Int) -> Bool { table.rows[row].options[model]?.tier == .batch }

    /// Whether actual costs have drifted from the plan far enough to replan the queued rows.
    var wantsReplan: Bool {
        guard let plan, queue.isWaiting || providerQueue.isWaiting, answeredSincePlan >= max(8, plan.rows.count / 20)
        else {
            return false
        }
        return plan.batch.drift > Self.driftToReplan
    }

    /// Whether no row is queued: only then a plan for excluded rows replaces no other plan.
    var hasRoomForPlan: Bool { !queue.isWaiting && !providerQueue.isWaiting }

    /// Whether excluded rows may be affordable by now: some row was answered since they were excluded.
    var canPlanExcluded: Bool { !excluded.isEmpty && answeredThisRound > 0 }

    /// The plan with its queued rows replanned at the learned costs; pass it to `readopt`.
    func replanned(timeLimit: Duration) -> BatchPlan? {
        guard var batch = plan?.batch else { return nil }
        do {
            try batch.replan()
        } catch .infeasible {
            // The money covers fewer rows than planned: exclude the rest.
            guard let offer = try? batch.offer() else { return nil }
            let kept = Set(offer.rows)
            for row in batch.waiting where !kept.contains(row) { batch.drop(row) }
        } catch {
            return nil
        }
        return batch
    }

    mutating func readopt(_ batch: BatchPlan?) {
        answeredSincePlan = 0
        guard let batch, var plan else { return }
        plan.batch = batch
        self.plan = plan
        let waiting = batch.waiting.map { (row: plan.rows[$0], model: batch.choice[$0]) }
        let payable = waiting.filter { table.rows[$0.row].options[$0.model] != nil }
        // Rows added after the plan keep their model.
        let others = (queue.waiting + providerQueue.waiting).filter { places[$0.row] == nil }
        assign(payable + others)
        excluded = open.subtracting((payable + others).map(\.row)).subtracting(queue.runningRows).subtracting(
            providerQueue.rowsAway)
    }

    // MARK: Rows

    mutating func next(at now: Double) -> BatchQueue.Next {
        let there = left.map { Money(nanoUSD: $0.nanoUSD - providerQueue.held.nanoUSD) }
        let next = queue.next(left: there, at: now, mayGrow: !providerQueue.isIdle)
        if case .start(let row, _) = next, let place = places[row] { plan?.batch.begin(place) }
        return next
    }

    /// Records the money that the ledger has booked on the batch.
    mutating func update(spent: Money) {
        self.spent = spent
        guard let batch = plan?.batch else { return }
        plan?.batch.charge(Double(spent.nanoUSD - spentBefore.nanoUSD) - batch.spent)
    }

    mutating func answered(_ row: Int, by model: Int, cost: Money) {
        queue.ended(row)
        queue.succeeded(model)
        open.remove(row)
        answered += 1
        predicted += 1
        answeredSincePlan += 1
        answeredThisRound += 1
        accuracySum += table.rows[row].options[model]?.accuracy ?? 0
        joulesUsed += table.rows[row].options[model]?.joules ?? 0
        if !readsSpentFromLedger { spent = (try? spent.adding(cost)) ?? spent }
        if let place = places[row] { plan?.batch.book(place, model: model, cost: Double(cost.nanoUSD)) }
    }

    /// Drops a row that no model will answer.
    mutating func abandoned(_ row: Int) {
        queue.ended(row)
        open.remove(row)
        if let place = places[row] { plan?.batch.drop(place) }
    }

    /// Requeues a row after a failed call. A busy model is tried a second time, else the row's next model is used, or
    /// after those of the plan a reserve.
    ///
    /// - Returns: false after the row's last attempt.
    mutating func failed(_ row: Int, model: Int, isBusy: Bool, retryAfter: Double?, at now: Double) -> Bool {
        queue.ended(row)
        queue.failed(model, retryAfter: retryAfter, at: now)
        attempts[row, default: 0] += 1
        guard attempts[row, default: 0] < Self.mostAttempts else { return false }
        if isBusy { busy[row, default: [:]][model, default: 0] += 1 }
        let isTriedAgain = isBusy && busy[row]?[model] ?? 0 < Self.mostBusyTries
        if !isTriedAgain { tried[row, default: []].insert(model) }
        enqueue(row, model: isTriedAgain ? model : best(row, avoiding: tried[row] ?? []) ?? model)
        return true
    }

    /// Requeues a row that a model refused, for another one.
    ///
    /// - Parameter isTooLong: whether the prompt exceeds the model's context. Then no model with as little is asked.
    /// - Returns: false where every model refused it.
    mutating func refused(_ row: Int, model: Int, isTooLong: Bool) -> Bool {
        queue.ended(row)
        var refusals = refusals[row, default: []]
        refusals.insert(model)
        if isTooLong {
            let most = table.models[model].model.contextTokens
            refusals.formUnion(table.models.indices.filter { table.models[$0].model.contextTokens <= most })
        }
        self.refusals[row] = refusals
        tried[row, default: []].formUnion(refusals)
        if let other = best(row, avoiding: tried[row] ?? []) ?? best(row, avoiding: refusals) {
            enqueue(row, model: other)
            return true
        }
        let options = table.rows[row].options
        guard options.indices.contains(where: { options[$0] != nil && !refusals.contains($0) }) else { return false }
        // Money may become free for another model.
        excluded.insert(row)
        if let place = places[row] { plan?.batch.drop(place) }
        return true
    }

    /// Requeues a row whose call was not started because a budget had no room.
    mutating func unpaid(_ row: Int, model: Int) {
        queue.ended(row)
        queue.add(row, model: model)
    }

    /// Excludes a model for a row: the batch's budget has no room for it although nothing is in flight.
    mutating func rejected(_ row: Int, model: Int) {
        queue.ended(row)
        tried[row, default: []].insert(model)
        unaffordable(row, model: model)
    }

    /// Requeues a row whose upper-bound cost on its model does not fit: on another model, or excluded.
    mutating func unaffordable(_ row: Int, model: Int) {
        if let other = best(row, avoiding: (tried[row] ?? []).union([model])) {
            enqueue(row, model: other)
        } else {
            excluded.insert(row)
            if let place = places[row] { plan?.batch.drop(place) }
        }
    }

    // MARK: Rows at providers

    /// The next chunk for a provider: rows of one model within the money, `mostRows` and `mostBytes`. While
    /// reservations may still be released, a chunk waits until the money covers all of its rows.
    mutating func nextGroup(mostRows: Int, mostBytes: Int) -> ProviderQueue.ProviderChunk? {
        providerQueue.pack(table: table, free: free, mostRows: mostRows, mostBytes: mostBytes, mayGrow: isBusy)
    }

    /// Moves rows queued for providers to other models: nothing is in flight and no provider chunk is affordable.
    mutating func reassignProviderRows() {
        for (row, model) in providerQueue.removeWaiting() { unaffordable(row, model: model) }
    }

    /// Records that a chunk is reserved and belongs to a group.
    mutating func opened(_ chunk: ProviderQueue.ProviderChunk, as name: String) {
        providerQueue.opened(chunk, as: name)
        for row in chunk.rows { if let place = places[row] { plan?.batch.begin(place) } }
    }

    /// Requeues a chunk that no budget has room for, to be split in half. A single row waits for released money.
    mutating func refused(_ chunk: ProviderQueue.ProviderChunk) { providerQueue.refused(chunk) }

    /// The row of an input line; nil for a row sent to a provider by an earlier process.
    func row(ofLine line: Int64) -> Int? { rowsByLine[line] }

    /// Records the answer of a row that an earlier process had sent to a provider.
    mutating func answeredAtProvider(cost: Money) {
        answered += 1
        answeredThisRound += 1
        if !readsSpentFromLedger { spent = (try? spent.adding(cost)) ?? spent }
    }

    /// Adds or replaces a row for ordinary calls, after its provider returned it or has no time left for it.
    ///
    /// - Returns: false where no model can serve the row.
    mutating func enter(line: Int64, candidates: [Candidate], reserves: [ModelID] = [], bytes: Int) -> Bool {
        let row: Int
        if let known = rowsByLine[line] {
            if let place = places.removeValue(forKey: known) { plan?.batch.drop(place) }
            guard planner.table.replace(known, candidates: candidates, reserves: reserves) else {
                open.remove(known)
                return false
            }
            row = known
        } else {
            guard planner.table.append(line: line, candidates: candidates, reserves: reserves, bytes: bytes) else {
                return false
            }
            row = planner.table.rows.count - 1
            rowsByLine[line] = row
        }
        queue.table = planner.table
        tried[row] = nil
        open.insert(row)
        excluded.remove(row)
        if let model = best(row, avoiding: []) { enqueue(row, model: model) } else { excluded.insert(row) }
        return true
    }

    /// The best affordable model for a row: greatest accuracy net of its cost at the plan's shadow price. Once all
    /// models of the plan have failed for the row, its reserves follow in their order.
    private func best(_ row: Int, avoiding tried: Set<Int>) -> Int? {
        let options = table.rows[row].options
        let planned = table.rows[row].planned
        let failed = self.tried[row] ?? []
        let hasPlanFailed = planned.indices.allSatisfy { planned[$0] == nil || failed.contains($0) }
        let price = plan?.batch.solution.shadowPrices.first { $0.limit == .budget }?.meanAccuracyPerUnit ?? 0
        let perNano = price * Double(plan?.rows.count ?? 1)
        func score(_ option: BatchTable.Option) -> Double { option.accuracy - perNano * option.cost }
        var best: (model: Int, score: Double)?
        var reserve: (model: Int, place: Int)?
        for (model, option) in options.enumerated() where !tried.contains(model) {
            guard let option, free.map({ option.bound.nanoUSD <= $0 }) ?? true else { continue }
            if planned[model] != nil {
                if score(option) > best?.score ?? -.infinity { best = (model, score(option)) }
            } else if hasPlanFailed, let place = option.reserve, place < reserve?.place ?? .max {
                reserve = (model, place)
            }
        }
        return best?.model ?? reserve?.model
    }
}
