import Optimization
import Testing

@Suite("The rows that a budget pays for")
struct BatchOfferTests {
    private func program(_ costs: [[Double]], accuracies: [[Double]]? = nil, budget: Double) -> AssignmentProgram {
        let options: [[AssignmentOption?]] = costs.enumerated().map { row, costs in
            costs.enumerated().map { model, cost in
                AssignmentOption(
                    cost: cost, energy: 0, latency: 1, accuracy: accuracies?[row][model] ?? 0.5 + 0.2 * Double(model))
            }
        }
        return AssignmentProgram(options: options, weights: .only(.accuracy), budget: budget, gap: 0)
    }

    @Test("a budget below all rows pays for as many as it can, and the offer names the budget for all")
    func mostRows() throws {
        let offer = try BatchOffer(of: program([[30, 90], [10, 40], [50, 70], [20, 25]], budget: 65))
        #expect(offer.rows == [0, 1, 3])
        // 60 for the cheapest models of these rows. The remaining 5 buy the better model of the last row.
        #expect(offer.choice == [0, 0, 1])
        #expect(offer.totals.cost == 65)
        #expect(abs(offer.totals.meanAccuracy - (0.5 + 0.5 + 0.7) / 3) < 1e-12)
        #expect(offer.budgetForAll.map { abs($0 - 110) <= 1 } == true)
    }

    @Test("a budget for everything does every row at the greatest accuracy")
    func allRows() throws {
        let offer = try BatchOffer(of: program([[30, 90], [10, 40]], budget: 1000))
        #expect(offer.rows == [0, 1])
        #expect(offer.choice == [1, 1])
    }

    @Test("a budget below one row is an error that names the least budget for one")
    func nothing() throws {
        do {
            _ = try BatchOffer(of: program([[30, 90], [10, 40]], budget: 9))
            Issue.record("an offer of nothing was made")
        } catch {
            guard case .infeasible(let report) = error else { throw error }
            #expect(report.alone.first?.nearest == 10)
        }
    }

    @Test("the offer keeps its pessimistic cost within the budget, and the budget for all rows is feasible")
    func robust() throws {
        var generator = SeededRandom(21)
        for _ in 0..<20 {
            let costs = (0..<30).map { _ in [100 + 900 * generator.unit(), 2000 * (1 + generator.unit())] }
            var program = program(costs.map { $0.map { $0.rounded() } }, budget: 0)
            program.gap = 1e-4
            let robust = RobustBudget(
                confidence: 0.95,
                variances: program.options.map { $0.map { 0.25 * ($0?.cost ?? 0) * ($0?.cost ?? 0) } },
                sharedDeviation: 0.1)
            let least = try robust.leastBudget(program)
            program.budget = least
            #expect(try robust.solve(program).pessimisticCost <= least)
            program.budget = least * 0.97
            #expect(throws: OptimizationError.self) { try robust.solve(program) }
            let offer = try BatchOffer(of: program, robust: robust)
            #expect(offer.rows.count < 30)
            #expect(offer.rows.count > 25)
            #expect(offer.pessimisticCost <= least * 0.97)
            #expect(offer.budgetForAll == least)
        }
    }

    @Test("if another limit forbids rows, fewer are offered and no budget does all")
    func otherLimits() throws {
        var program = program([[30, 90], [10, 40], [50, 70], [20, 25]], budget: 1000)
        program.deadline = 2
        let offer = try BatchOffer(of: program)
        #expect(offer.rows.count == 2)
        #expect(offer.budgetForAll == nil)
    }

    @Test("rows under way keep their model and their money when the others are replanned")
    func underWay() throws {
        let costs = (0..<10).map { _ in [10.0, 100] }
        var plan = try BatchPlan(program(costs, budget: 550))
        #expect(plan.choice.count { $0 == 1 } == 5)
        let dear = try #require(plan.choice.firstIndex(of: 1))
        plan.begin(dear)
        // A failed call cost most of the money, so only the row under way may still be expensive.
        plan.charge(550 - 190)
        plan = try plan.replanned()
        #expect(plan.choice[dear] == 1)
        #expect(plan.choice.count { $0 == 1 } == 1)
        #expect(!plan.waiting.contains(dear))
        plan.charge(60)
        #expect(throws: OptimizationError.self) { try plan.replan() }
        let offer = try plan.offer()
        // 130 remain, 100 of them for the call under way.
        #expect(offer.rows.count == 9 || offer.rows.contains(dear) == false)
        plan.drop(plan.waiting[0])
        #expect(plan.waiting.count == 8)
    }

    @Test("booked rows reduce the uncertainty of the remaining ones")
    func learning() throws {
        let costs = (0..<200).map { _ in [100.0, 1000] }
        var batch = program(costs, budget: 200 * 400)
        batch.gap = 1e-3
        let robust = RobustBudget(
            confidence: 0.95, variances: batch.options.map { $0.map { 0.04 * ($0?.cost ?? 0) * ($0?.cost ?? 0) } },
            sharedDeviation: 0.2)
        var plan = try BatchPlan(batch, robust: robust)
        let before = plan.choice[100...].count { $0 == 1 }
        for row in 0..<100 { plan.book(row, model: plan.choice[row], cost: costs[row][plan.choice[row]]) }
        try plan.replan()
        // The predictions were right, so the reserve for their shared error is spent.
        #expect(plan.choice[100...].count { $0 == 1 } > before)
        #expect(abs(plan.correction(1) - 1) < 1e-9)
    }
}
