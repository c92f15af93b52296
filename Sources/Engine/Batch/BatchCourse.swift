import Core
import Optimization

/// A batch on its way: which rows are planned, under way and done, what is spent, and when to plan again. No I/O.
struct BatchCourse: Sendable {
    let planner: BatchPlanner
    private(set) var queue: BatchQueue
    private var plan: BatchPlanner.Plan?
    /// Where a row of the table stands in the plan.
    private var places: [Int: Int] = [:]
    /// Rows of the table without a result.
    private(set) var open: Set<Int>
    /// Open rows that the plan leaves out.
    private(set) var aside: Set<Int>
    private var tried: [Int: Set<Int>] = [:]
    private var attempts: [Int: Int] = [:]
    let budget: Money?
    /// Whether somebody says what is spent (`learned`); else it is counted from the answers.
    let isTold: Bool
    /// Energy that the rows may take; nil for any.
    private let joules: Double?
    private var joulesUsed = 0.0
    /// Booked on the batch, as far as known.
    private(set) var spent: Money
    /// Booked before the present plan was made.
    private var spentBefore = Money.zero
    private var answeredSincePlan = 0
    private var answeredThisRound = 0
    /// Rows answered by this process, and the sum of their predicted accuracies.
    private(set) var answered = 0
    private var accuracySum = 0.0

    /// A row that no model has answered in so many attempts has failed.
    static let mostAttempts = 5
    private static let driftToReplan = 0.1

    init(
        planner: BatchPlanner, plan: BatchPlanner.Plan?, budget: Money?, spent: Money, isTold: Bool,
        joules: Double? = nil
    ) {
        self.planner = planner
        self.budget = budget
        self.isTold = isTold
        self.joules = joules
        self.spent = spent
        queue = BatchQueue(table: planner.table, concurrency: planner.terms.concurrency)
        open = Set(planner.table.rows.indices)
        aside = open
        adopt(plan)
    }

    private var table: BatchTable { planner.table }

    /// Money not spent, what is set aside for calls under way included; nil for any.
    var left: Money? { budget.map { (try? $0.subtracting(spent)) ?? .zero } }

    /// Energy not taken by answers so far, as predicted; nil for any.
    var joulesLeft: Double? { joules.map { max(0, $0 - joulesUsed) } }

    private var free: Int64? { left.map { $0.nanoUSD - queue.setAside.nanoUSD } }

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
        aside.subtract(plan.rows)
        queue.assign(zip(plan.rows, plan.batch.choice).map { (row: $0, model: $1) })
    }

    /// Whether true costs are so far from the plan that the rows that wait should be planned again.
    var wantsReplan: Bool {
        guard let plan, queue.isWaiting, answeredSincePlan >= max(8, plan.rows.count / 20) else { return false }
        return plan.batch.drift > Self.driftToReplan
    }

    /// Whether rows that were set aside may have come into reach: something was answered since they were left out.
    var mayGoOn: Bool { !aside.isEmpty && answeredThisRound > 0 }

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
        queue.assign(payable)
        let running = queue.runningRows
        aside = open.subtracting(payable.map(\.row)).subtracting(running)
    }

    // MARK: Rows

    mutating func next(at now: Double) -> BatchQueue.Next {
        let next = queue.next(left: left, at: now)
        if case .start(let row, _) = next, let place = places[row] { plan?.batch.begin(place) }
        return next
    }

    /// Books what the ledger says is spent on the batch.
    mutating func learned(spent: Money) {
        self.spent = spent
        guard let batch = plan?.batch else { return }
        plan?.batch.charge(Double(spent.nanoUSD - spentBefore.nanoUSD) - batch.spent)
    }

    mutating func answered(_ row: Int, by model: Int, cost: Money) {
        queue.ended(row)
        queue.succeeded(model)
        open.remove(row)
        answered += 1
        answeredSincePlan += 1
        answeredThisRound += 1
        accuracySum += table.rows[row].options[model]?.accuracy ?? 0
        joulesUsed += table.rows[row].options[model]?.joules ?? 0
        if !isTold { spent = (try? spent.adding(cost)) ?? spent }
        if let place = places[row] { plan?.batch.book(place, model: model, cost: Double(cost.nanoUSD)) }
    }

    /// A row that no model will answer.
    mutating func gaveUp(_ row: Int) {
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
        queue.add(row, model: isBusy ? model : best(row, avoiding: tried[row] ?? []) ?? model)
        return true
    }

    /// A call was not begun, since a budget had no room: the row waits for money to come back.
    mutating func unpaid(_ row: Int, model: Int) {
        queue.ended(row)
        queue.add(row, model: model)
    }

    /// A budget of the batch has no room for the row on a model though nothing is under way: that model is not asked for
    /// it again.
    mutating func turnedAway(_ row: Int, model: Int) {
        queue.ended(row)
        tried[row, default: []].insert(model)
        tooDear(row, model: model)
    }

    /// The row's highest bill on its model does not fit: another model's may, else the row is set aside.
    mutating func tooDear(_ row: Int, model: Int) {
        if let other = best(row, avoiding: (tried[row] ?? []).union([model])) {
            queue.add(row, model: other)
        } else {
            aside.insert(row)
            if let place = places[row] { plan?.batch.drop(place) }
        }
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
        for (place, row) in plan.rows.enumerated() where open.contains(row) && !aside.contains(row) {
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
        progress.spent = spent
        progress.budget = budget
        progress.accuracy = (accuracySum + rest.accuracy) / Double(max(1, answered + rest.rows))
        progress.expectedCost = Money(nanoUSD: spent.nanoUSD + Int64(rest.cost.rounded()))
        if answered > 0 { progress.secondsLeft = seconds / Double(answered) * Double(rest.rows) }
        return progress
    }
}
