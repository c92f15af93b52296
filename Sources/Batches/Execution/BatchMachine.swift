import Domain
import Ledger
import Optimization

/// A batch on its way: which rows are planned, under way and done, what is spent, and when to plan again. No I/O.
struct BatchMachine: Sendable {
    private(set) var planner: BatchPlanner
    private(set) var queue: BatchQueue
    /// Rows that wait to go to their model's provider, and those that are there.
    var providerQueue: ProviderQueue
    private var plan: BatchPlanner.Plan?
    /// Where a row of the table stands in the plan.
    private var places: [Int: Int] = [:]
    /// Rows of the table without a result.
    private(set) var open: Set<Int>
    /// Open rows that the plan leaves out.
    private(set) var excluded: Set<Int>
    private var tried: [Int: Set<Int>] = [:]
    private var attempts: [Int: Int] = [:]
    let budget: Money?
    /// Whether somebody says what is spent (`learned`); else it is counted from the answers.
    let readsSpentFromLedger: Bool
    /// Energy that the rows may take; nil for any.
    private let joules: Double?
    private var joulesUsed = 0.0
    /// Booked on the batch, as far as known.
    private(set) var spent: Money
    /// Booked before the present plan was made.
    private var spentBefore = Money.zero
    private var answeredSincePlan = 0
    private var answeredThisRound = 0
    /// Rows answered by this process, those of them that it had predicted, and the sum of their accuracies.
    private(set) var answered = 0
    private var predicted = 0
    private var accuracySum = 0.0
    /// Rows of the table by their line.
    private var rowsByLine: [Int64: Int]

    /// A row that no model has answered in so many attempts has failed.
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

    private var table: BatchTable { planner.table }

    /// Money not spent, what is set aside for calls under way included; nil for any.
    var left: Money? { budget.map { (try? $0.subtracting(spent)) ?? .zero } }

    /// Energy not taken by answers so far, as predicted; nil for any.
    var joulesLeft: Double? { joules.map { max(0, $0 - joulesUsed) } }

    /// Nano-USD that nobody holds; nil for any.
    var free: Int64? { left.map { $0.nanoUSD - queue.reserved.nanoUSD - providerQueue.held.nanoUSD } }

    /// Whether calls are under way or rows are at a provider: money may come back.
    var isBusy: Bool { queue.runningCount > 0 || !providerQueue.isIdle }

    // MARK: Plans

    /// Takes a plan for rows that were set aside.
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

    /// Gives the rows that wait to the lines of calls, or to the post.
    private mutating func assign(_ choices: [(row: Int, model: Int)]) {
        queue.assign(choices.filter { !usesBatchTier($0.row, $0.model) })
        providerQueue.assign(choices.filter { usesBatchTier($0.row, $0.model) })
    }

    private mutating func enqueue(_ row: Int, model: Int) {
        if usesBatchTier(row, model) { providerQueue.add(row, model: model) } else { queue.add(row, model: model) }
    }

    private func usesBatchTier(_ row: Int, _ model: Int) -> Bool { table.rows[row].options[model]?.tier == .batch }

    /// Whether true costs are so far from the plan that the rows that wait should be planned again.
    var wantsReplan: Bool {
        guard let plan, queue.isWaiting || providerQueue.isWaiting, answeredSincePlan >= max(8, plan.rows.count / 20)
        else {
            return false
        }
        return plan.batch.drift > Self.driftToReplan
    }

    /// Whether every row has its turn, is away or was set aside: only then a plan for these replaces no other.
    var hasRoomForPlan: Bool { !queue.isWaiting && !providerQueue.isWaiting }

    /// Whether rows that were set aside may have come into reach: something was answered since they were left out.
    var canPlanExcluded: Bool { !excluded.isEmpty && answeredThisRound > 0 }

    /// The plan with the rows that wait planned again by what their costs have taught, to be given to `readopt`.
    func replanned(timeLimit: Duration) -> BatchPlan? {
        guard var batch = plan?.batch else { return nil }
        do {
            try batch.replan()
        } catch .infeasible {
            // The money does fewer rows than planned: the rest is set aside.
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
        // Rows that came into the table after the plan keep their place.
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

    /// Books what the ledger says is spent on the batch.
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

    /// A row that no model will answer.
    mutating func abandoned(_ row: Int) {
        queue.ended(row)
        open.remove(row)
        if let place = places[row] { plan?.batch.drop(place) }
    }

    /// A call brought no answer: the row waits for the same model where that is only busy, else for the plan's next.
    /// - Returns: false where the row has had all its attempts.
    mutating func failed(_ row: Int, model: Int, isBusy: Bool, retryAfter: Double?, at now: Double) -> Bool {
        queue.ended(row)
        queue.failed(model, retryAfter: retryAfter, at: now)
        attempts[row, default: 0] += 1
        guard attempts[row, default: 0] < Self.mostAttempts else { return false }
        if !isBusy { tried[row, default: []].insert(model) }
        enqueue(row, model: isBusy ? model : best(row, avoiding: tried[row] ?? []) ?? model)
        return true
    }

    /// A call was not begun, since a budget had no room: the row waits for money to come back.
    mutating func unpaid(_ row: Int, model: Int) {
        queue.ended(row)
        queue.add(row, model: model)
    }

    /// A budget of the batch has no room for the row on a model though nothing is under way: that model is not asked for
    /// it again.
    mutating func rejected(_ row: Int, model: Int) {
        queue.ended(row)
        tried[row, default: []].insert(model)
        unaffordable(row, model: model)
    }

    /// The row's highest bill on its model does not fit: another model's may, else the row is set aside.
    mutating func unaffordable(_ row: Int, model: Int) {
        if let other = best(row, avoiding: (tried[row] ?? []).union([model])) {
            enqueue(row, model: other)
        } else {
            excluded.insert(row)
            if let place = places[row] { plan?.batch.drop(place) }
        }
    }

    // MARK: Rows at providers

    /// The next rows that go to a provider together: as many of one model as the money, `mostRows` and `mostBytes` let.
    /// While money may come back, they wait until it suffices for all.
    mutating func nextGroup(mostRows: Int, mostBytes: Int) -> ProviderQueue.ProviderChunk? {
        providerQueue.pack(table: table, free: free, mostRows: mostRows, mostBytes: mostBytes, mayGrow: isBusy)
    }

    /// Nothing is under way, and not one row that waits for the post can be paid there: other models may be.
    mutating func reassignProviderRows() {
        for (row, model) in providerQueue.removeWaiting() { unaffordable(row, model: model) }
    }

    /// The rows of a parcel are reserved, and belong to a group.
    mutating func opened(_ chunk: ProviderQueue.ProviderChunk, as name: String) {
        providerQueue.opened(chunk, as: name)
        for row in chunk.rows { if let place = places[row] { plan?.batch.begin(place) } }
    }

    /// No budget had room for a parcel: half of it is tried, and one row alone waits for money to come back.
    mutating func refused(_ chunk: ProviderQueue.ProviderChunk) { providerQueue.refused(chunk) }

    /// The row of a line; nil for one that was at a provider before this process began.
    func row(ofLine line: Int64) -> Int? { rowsByLine[line] }

    /// A row that this process had not predicted was answered at a provider.
    mutating func answeredAtProvider(cost: Money) {
        answered += 1
        answeredThisRound += 1
        if !readsSpentFromLedger { spent = (try? spent.adding(cost)) ?? spent }
    }

    /// Takes in a row that came back, or whose time for the post is over, with what the models make of it by ordinary
    /// calls; false where none can serve it.
    mutating func enter(line: Int64, candidates: [Candidate], bytes: Int) -> Bool {
        let row: Int
        if let known = rowsByLine[line] {
            if let place = places.removeValue(forKey: known) { plan?.batch.drop(place) }
            guard planner.table.replace(known, candidates: candidates) else {
                open.remove(known)
                return false
            }
            row = known
        } else {
            guard planner.table.append(line: line, candidates: candidates, bytes: bytes) else { return false }
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

    /// The plan's next model for a row: of those whose highest bill fits, the one of the greatest accuracy after its
    /// cost at the plan's shadow price.
    private func best(_ row: Int, avoiding tried: Set<Int>) -> Int? {
        let price = plan?.batch.solution.shadowPrices.first { $0.limit == .budget }?.meanAccuracyPerUnit ?? 0
        let perNano = price * Double(plan?.rows.count ?? 1)
        func score(_ option: BatchTable.Option) -> Double { option.accuracy - perNano * option.cost }
        var best: (model: Int, score: Double)?
        for (model, option) in table.rows[row].options.enumerated() where !tried.contains(model) {
            guard let option, free.map({ option.bound.nanoUSD <= $0 }) ?? true else { continue }
            if score(option) > best?.score ?? -.infinity { best = (model, score(option)) }
        }
        return best?.model
    }

    // MARK: Figures

    /// Expected nano-USD and predicted accuracy of the rows that the plan still has to do.
    var expected: (cost: Double, accuracy: Double, rows: Int) {
        guard let plan else { return (0, 0, 0) }
        var sum = (cost: 0.0, accuracy: 0.0, rows: 0)
        for (place, row) in plan.rows.enumerated() where open.contains(row) && !excluded.contains(row) {
            let model = plan.batch.choice[place]
            guard let option = table.rows[row].options[model] else { continue }
            sum.cost += option.cost * plan.batch.correction(model)
            sum.accuracy += option.accuracy
            sum.rows += 1
        }
        return sum
    }

    func progress(completedBefore: Int, failed: Int, rows: Int, seconds: Double) -> BatchProgress {
        let rest = expected
        var progress = BatchProgress()
        progress.rows = rows
        progress.completed = completedBefore + answered
        progress.failed = failed
        progress.running = queue.runningCount
        progress.atProviders = providerQueue.awayCount
        progress.spent = spent
        progress.budget = budget
        progress.accuracy = (accuracySum + rest.accuracy) / Double(max(1, predicted + rest.rows))
        progress.expectedCost = Money(nanoUSD: spent.nanoUSD + Int64(rest.cost.rounded()))
        if answered > 0 { progress.secondsLeft = seconds / Double(answered) * Double(rest.rows) }
        return progress
    }
}
