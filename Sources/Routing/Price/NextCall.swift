package import Domain
import Estimation

/// What follows the answers of a step, by the value of one more answer against its price.
package enum NextCall: Hashable, Sendable {
    /// Ask this model: with its answer, the step is expected to be worth more than the call takes.
    case ask(ModelID)
    /// Ask the model that has just answered once more, to see whether its answers agree.
    case sample(ModelID, correctness: Double)
    /// Ask another model, to see whether its answer agrees with that of the model that has just answered.
    case compare(ModelID, with: ModelID, correctness: Double)
    /// Ask the model that has just answered in another way: with more effort, or with sources that it was not sent.
    case askAgain(Candidate)
    /// Keep this model's answer: no further one is worth its price.
    case keep(ModelID, correctness: Double)
}

/// What was seen of a step's answers besides their words.
struct SeenEvidence: Sendable {
    /// Change of the log-odds that a model's answer is right.
    var logOdds: [ModelID: Double] = [:]
    /// Further answers of the model that answered last.
    var samples = SampleAgreement()
    /// Most further answers of one model; 0 where none can be bought.
    var mostSamples = 0
    /// Most answers of other models that may be bought to see whether they agree; 0 for none.
    var mostOpinions = 0

    /// Evidence weaker than this buys no other model's answer where no judge knows the text.
    private static let leastLogOdds = 0.25

    /// Whether it tells enough for another model's answer to be bought without a judge.
    var isWeighty: Bool { samples.count > 0 || logOdds.values.contains { abs($0) >= Self.leastLogOdds } }
}

/// Finds the next call of a step by value of information.
struct NextCallSearch {
    let estimates: any StepEstimates
    let priced: PricedStep
    /// The callable candidates with their models, in one order.
    let candidates: [(candidate: Candidate, model: Model)]
    let remaining: Remaining
    /// Whether a judge reads the answers of all candidates; else predictions and evidence stand alone.
    var isJudged = true
    /// The other ways of asking a model.
    var furtherWays: (ModelID) -> [Candidate] = { _ in [] }
    /// Models that were asked in a second way already.
    var askedAgain: Set<ModelID> = []
    /// Whether the request offers tools.
    var offersTools = false

    /// Coupling of the errors of a model's answers in two ways of asking: what it does not know, more effort or more
    /// sources seldom bring.
    static let ownCoupling = 0.6

    /// Models considered for the next call: the most valuable ones, since time grows with the square of their number.
    static let breadth = 12
    /// Least gain in the probability of a right answer that further samples must be expected to bring.
    static let leastSampleGain = 0.01

    /// The value of a move: the probability of a right answer, less its price.
    private typealias Valued = (move: CascadePolicy.Move, value: Double)

    /// - Parameter answers: the paid answers in the order of the calls.
    /// - Returns: nil where no judge covers the text and no evidence weighs, or nothing can be called.
    func next(
        after answers: [(model: Model, output: String)], seen: SeenEvidence = SeenEvidence()
    ) -> NextCall? {
        let candidates = nearest(answers)
        let models = candidates.map(\.model)
        let predictions = candidates.map(\.candidate.prediction.quality)
        let mayAskAgain = answers.last.map { !furtherWays($0.model.id).isEmpty } ?? false
        guard priced.price > 0, models.count > 1 || mayAskAgain else { return nil }
        let couplings = couplings(models)
        let belief = belief(models, predictions, couplings, answers, seen)
        guard let believed = correctness(models, belief, couplings, answers, seen) else { return nil }
        let asked = models.indices.filter { index in answers.contains { $0.model.id == models[index].id } }
        let open = models.indices.filter { !asked.contains($0) && fits([$0], after: asked, of: candidates, seen) }
        // Without a judge, only an abler model's answer replaces one: nothing could tell which of the two is right.
        let ablest = asked.map { predictions[$0] }.max() ?? 0
        let abler = open.filter { predictions[$0] > ablest }
        let burdens = models.map { priced.burden($0.id) / priced.price }
        func best(_ correctness: [Double]) -> Valued? {
            guard isJudged else { return replacement(correctness, burdens, open: abler, asked: asked) }
            let policy = CascadePolicy(weight: 1, detectionRate: estimates.detectionRate)
            return policy.valued(
                correctness: correctness, costUSD: burdens, couplings: couplings, open: open, asked: asked)
        }
        let mayReplace = isJudged || seen.isWeighty || belief?.compares == true
        let next = mayReplace ? best(believed) : replacement(believed, burdens, open: [], asked: asked)
        guard let found = next else { return nil }
        guard let last = answers.last, let index = models.firstIndex(where: { $0.id == last.model.id }) else {
            return Self.call(of: found.move, models, believed)
        }
        let opinion = opinion(belief, models, asked, open, abler, burdens, seen, candidates, above: found.value)
        if canSample(index, after: asked, open: isJudged ? open : abler, of: candidates, seen) {
            let q = believed[index]
            let agrees = seen.samples.nextAgrees(correctness: q)
            var value = -burdens[index]
            for (isAgreeing, probability) in [(true, agrees), (false, 1 - agrees)] {
                let change = seen.samples.adding(agrees: isAgreeing).logOdds - seen.samples.logOdds
                let then = changed(believed, index, by: change, couplings)
                value += probability * (best(then)?.value ?? then[index])
            }
            if value > found.value + Self.leastSampleGain {
                if let opinion, opinion.value > value {
                    return .compare(models[opinion.index].id, with: last.model.id, correctness: q)
                }
                return .sample(last.model.id, correctness: q)
            }
        }
        if let opinion, opinion.value > found.value + Self.leastSampleGain {
            return .compare(models[opinion.index].id, with: last.model.id, correctness: believed[index])
        }
        if let again = secondWay(
            of: candidates[index].candidate, believed[index], after: asked, of: candidates, seen),
            again.value > found.value
        {
            return .askAgain(again.way)
        }
        return Self.call(of: found.move, models, believed)
    }

    private static func call(of move: CascadePolicy.Move, _ models: [Model], _ correctness: [Double]) -> NextCall {
        switch move {
        case .ask(let index): .ask(models[index].id)
        case .keep(let index): .keep(models[index].id, correctness: correctness[index])
        }
    }

    // MARK: Second opinions

    /// What predictions and the agreement of the answers so far tell, without a judge.
    private func belief(
        _ models: [Model], _ predictions: [Double], _ couplings: [Float],
        _ answers: [(model: Model, output: String)], _ seen: SeenEvidence
    ) -> AgreementBelief? {
        guard !isJudged else { return nil }
        var belief = AgreementBelief(predictions: predictions, couplings: couplings)
        // A lone answer agrees with none, unless another may be bought.
        guard answers.count > 1 || seen.mostOpinions > 0 else { return belief }
        for answer in answers {
            guard let index = models.firstIndex(where: { $0.id == answer.model.id }) else { continue }
            belief.add(ComparedAnswer(answer.output, offersTools: offersTools), of: index)
        }
        return belief
    }

    /// The model whose answer is best compared with those so far, with the value of asking it; nil for none.
    ///
    /// It is never slower than the answer that it may save.
    private func opinion(
        _ belief: AgreementBelief?, _ models: [Model], _ asked: [Int], _ open: [Int], _ abler: [Int],
        _ burdens: [Double], _ seen: SeenEvidence, _ candidates: [(candidate: Candidate, model: Model)],
        above found: Double
    ) -> (index: Int, value: Double)? {
        guard let belief, asked.count <= seen.mostOpinions, seen.samples.count == 0 else { return nil }
        let saved = abler.map { candidates[$0].candidate.latencySeconds }.max() ?? 0
        var best: (index: Int, value: Double)?
        for index in open where candidates[index].candidate.latencySeconds <= saved {
            // No answer is worth more than a certain one.
            guard 1 - burdens[index] > found + Self.leastSampleGain, let outlook = belief.outlook(asking: index)
            else { continue }
            var value = -burdens[index]
            let outcomes = [(outlook.agrees, outlook.ifAgreeing), (1 - outlook.agrees, outlook.ifNew)]
            for (probability, then) in outcomes {
                let known = changed(then, models, belief.couplings, by: seen)
                let later = abler.filter { $0 != index }
                value +=
                    probability
                    * (replacement(known, burdens, open: later, asked: asked + [index])?.value ?? 0)
            }
            if value > best?.value ?? -.infinity { best = (index, value) }
        }
        return best
    }

    /// The probabilities after what was seen of the answers besides their words.
    private func changed(
        _ correctness: [Double], _ models: [Model], _ couplings: [Float], by seen: SeenEvidence
    ) -> [Double] {
        var correctness = correctness
        for index in models.indices {
            guard let change = seen.logOdds[models[index].id], change != 0 else { continue }
            correctness = changed(correctness, index, by: change, couplings)
        }
        return correctness
    }

    /// The best other way of asking the model that has just answered, with its value; nil where none is better.
    ///
    /// - Parameter correctness: probability that its answer is right.
    private func secondWay(
        of asked: Candidate, _ correctness: Double, after calls: [Int],
        of candidates: [(candidate: Candidate, model: Model)], _ seen: SeenEvidence
    ) -> (way: Candidate, value: Double)? {
        guard !askedAgain.contains(asked.model), isJudged || seen.isWeighty else { return nil }
        let s = isJudged ? estimates.detectionRate : 0
        let q = correctness
        var best: (way: Candidate, value: Double)?
        for way in furtherWays(asked.model) where way.prediction.quality > asked.prediction.quality {
            guard fits(way, after: calls, of: candidates) else { continue }
            let then = Self.answers(way.prediction.quality, after: asked.prediction.quality)
            // Without a judge the second answer replaces the first.
            let value =
                q * (s + (1 - s) * then.ifRight) + (1 - q) * (isJudged ? s : 1) * then.ifWrong
                - priced.burden(of: way) / priced.price
            if value > best?.value ?? q + 1e-9 { best = (way, value) }
        }
        return best
    }

    /// The probabilities of a right answer in another way, given a right or a wrong one in the first.
    private static func answers(_ quality: Double, after first: Double) -> (ifRight: Double, ifWrong: Double) {
        let onlyFirst = (1 - ownCoupling) * first * (1 - quality) + ownCoupling * max(0, first - quality)
        let both = first - onlyFirst
        return (
            first > 1e-6 ? min(max(both / first, 0), 1) : quality,
            first < 1 - 1e-6 ? min(max((quality - both) / (1 - first), 0), 1) : quality
        )
    }

    /// Whether one more call keeps the run's money and time after those that were made.
    private func fits(
        _ way: Candidate, after asked: [Int], of candidates: [(candidate: Candidate, model: Model)]
    ) -> Bool {
        let called = asked.map { candidates[$0].candidate } + [way]
        if let budget = remaining.budget,
            called.reduce(0.0, { $0 + Double($1.worstCaseCost.nanoUSD) }) > Double(budget.nanoUSD)
        {
            return false
        }
        return remaining.seconds.map { called.reduce(0.0) { $0 + $1.latencySeconds } <= $0 } ?? true
    }

    // MARK: Belief

    /// The probability that the last answer is right; nil where nothing is known of it.
    func correctness(after answers: [(model: Model, output: String)], seen: SeenEvidence) -> Double? {
        let candidates = nearest(answers)
        let models = candidates.map(\.model)
        guard let last = answers.last, let index = models.firstIndex(where: { $0.id == last.model.id }) else {
            return nil
        }
        let couplings = couplings(models)
        let belief = belief(models, candidates.map(\.candidate.prediction.quality), couplings, answers, seen)
        return correctness(models, belief, couplings, answers, seen)?[index]
    }

    /// Every model's probability of being right, given answers and evidence; nil where nothing tells more than the
    /// predictions did before the call.
    private func correctness(
        _ models: [Model], _ belief: AgreementBelief?, _ couplings: [Float],
        _ answers: [(model: Model, output: String)], _ seen: SeenEvidence
    ) -> [Double]? {
        var correctness: [Double]
        if isJudged {
            guard let judged = estimates.correctness(of: models, given: answers) else { return nil }
            correctness = judged
        } else {
            guard let belief else { return nil }
            guard seen.isWeighty || seen.mostSamples > 0 || seen.mostOpinions > 0 || belief.compares else {
                return nil
            }
            correctness = belief.correctness
        }
        guard correctness.allSatisfy(\.isFinite) else { return nil }
        correctness = changed(correctness, models, couplings, by: seen)
        if let last = answers.last, let index = models.firstIndex(where: { $0.id == last.model.id }) {
            correctness = changed(correctness, index, by: seen.samples.logOdds, couplings)
        }
        return correctness
    }

    /// The probabilities after a change of one model's log-odds. The others follow by their coupling to it.
    private func changed(_ correctness: [Double], _ index: Int, by change: Double, _ couplings: [Float]) -> [Double] {
        guard change != 0, change.isFinite, correctness[index] > 0 else { return correctness }
        let now = logistic(logit(correctness[index]) + change)
        let task = RestartPolicy.Task(start: correctness, costUSD: [], couplings: couplings)
        var changed = RestartPolicy(weight: 0).corrected(task, correctness, by: index, to: now)
        changed[index] = now
        return changed
    }

    /// The best move without a judge: keep the best answer, or let a better model answer in its place.
    private func replacement(
        _ correctness: [Double], _ burdens: [Double], open: [Int], asked: [Int]
    ) -> Valued? {
        guard let best = asked.max(by: { (correctness[$0], $1) < (correctness[$1], $0) }) else { return nil }
        let next = open.max { correctness[$0] - burdens[$0] < correctness[$1] - burdens[$1] }
        guard let next, correctness[next] - burdens[next] > correctness[best] + 1e-9 else {
            return (.keep(best), correctness[best])
        }
        return (.ask(next), correctness[next] - burdens[next])
    }

    // MARK: Limits

    /// Whether one more answer of a model may be bought: no sample takes longer than the answer that it may save.
    private func canSample(
        _ index: Int, after asked: [Int], open: [Int], of candidates: [(candidate: Candidate, model: Model)],
        _ seen: SeenEvidence
    ) -> Bool {
        guard seen.samples.count < seen.mostSamples, fits([index], after: asked, of: candidates, seen) else {
            return false
        }
        let saved = open.map { candidates[$0].candidate.latencySeconds }.max() ?? 0
        return candidates[index].candidate.latencySeconds <= saved
    }

    /// The models that have answered and the most valuable others.
    private func nearest(_ answers: [(model: Model, output: String)]) -> [(candidate: Candidate, model: Model)] {
        guard candidates.count > Self.breadth else { return candidates }
        let asked = candidates.filter { known in answers.contains { $0.model.id == known.model.id } }
        let others = candidates.filter { known in !answers.contains { $0.model.id == known.model.id } }
            .map { (known: $0, value: priced.value($0.candidate)) }
            .sorted { ($0.value, $1.known.candidate.model) > ($1.value, $0.known.candidate.model) }
        return asked + others.prefix(max(1, Self.breadth - asked.count)).map(\.known)
    }

    /// Whether more calls keep the run's money and time after the calls that were made.
    private func fits(
        _ next: [Int], after asked: [Int], of candidates: [(candidate: Candidate, model: Model)], _ seen: SeenEvidence
    ) -> Bool {
        if remaining.budget == nil, remaining.seconds == nil { return true }
        // The samples are the last model's, which is counted at the dearest of those asked.
        let repeated = asked.max { candidates[$0].candidate.worstCaseCost < candidates[$1].candidate.worstCaseCost }
        let called = asked + next + (repeated.map { Array(repeating: $0, count: seen.samples.count) } ?? [])
        if let budget = remaining.budget {
            let most = called.reduce(0.0) { $0 + Double(candidates[$1].candidate.worstCaseCost.nanoUSD) }
            if most > Double(budget.nanoUSD) { return false }
        }
        if let seconds = remaining.seconds {
            if called.reduce(0.0, { $0 + candidates[$1].candidate.latencySeconds }) > seconds { return false }
        }
        return true
    }

    private func couplings(_ models: [Model]) -> [Float] {
        var couplings: [Float] = []
        couplings.reserveCapacity(models.count * models.count)
        for one in models {
            for other in models { couplings.append(Float(estimates.coupling(of: one, to: other))) }
        }
        return couplings
    }
}
