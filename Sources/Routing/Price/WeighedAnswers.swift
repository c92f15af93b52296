import Domain
import Estimation

/// The paid answers of a step, what is believed of every model after them, and the best call that may follow.
struct WeighedAnswers {
    let search: NextCallSearch
    let seen: SeenEvidence
    let candidates: [(candidate: Candidate, model: Model)]
    private let answers: [(model: Model, output: String)]
    private let couplings: [Float]
    /// By model, the price of its answer in probabilities of a right one.
    let burdens: [Double]
    /// The models that have answered.
    private let asked: [Int]
    /// The calls that were made, further answers of a model included.
    let made: [Candidate]
    /// The models that may still be called.
    private let open: [Int]
    /// The open models that are predicted abler than all that have answered.
    private let abler: [Int]
    /// The model that answered last; nil where it is no candidate any more.
    private let last: Int?
    /// What the agreement of several answers tells, without a judge.
    private let belief: AgreementBelief?
    /// By model, the probability that its answer is right, or that it would be.
    private let correctness: [Double]

    /// Least gain in the probability of a right answer that evidence must be expected to bring.
    private static let leastGain = 0.01

    /// The value of a move: the probability of a right answer, less its price.
    private typealias Valued = (move: CascadePolicy.Move, value: Double)

    /// - Returns: nil where nothing tells more than the predictions did before the call.
    init?(
        _ answers: [(model: Model, output: String)], of candidates: [(candidate: Candidate, model: Model)],
        seen: SeenEvidence, in search: NextCallSearch
    ) {
        let predictions = candidates.map(\.candidate.prediction.quality)
        let models = candidates.map(\.model)
        let asked = models.indices.filter { index in answers.contains { $0.model.id == models[index].id } }
        self.search = search
        self.seen = seen
        self.candidates = candidates
        self.answers = answers
        self.asked = asked
        couplings = search.couplings(models)
        burdens = models.map { search.priced.burden($0.id) / search.priced.price }
        last = answers.last.flatMap { last in models.firstIndex { $0.id == last.model.id } }
        // The samples are the last model's, which is counted at the dearest of those asked.
        let calls = asked.map { candidates[$0].candidate }
        let repeated = calls.max { $0.worstCaseCost < $1.worstCaseCost }
        made = calls + (repeated.map { Array(repeating: $0, count: seen.samples.count) } ?? [])
        open = models.indices.filter { [made] in
            !asked.contains($0) && search.fits(candidates[$0].candidate, after: made)
        }
        // Without a judge, only an abler model's answer replaces one: nothing could tell which of the two is right.
        let ablest = asked.map { predictions[$0] }.max() ?? 0
        abler = open.filter { predictions[$0] > ablest }
        // A lone answer agrees with none.
        belief =
            search.isJudged || answers.count < 2
            ? nil : Self.belief(predictions, couplings, answers, models, search.offersTools)
        var correctness: [Double]
        if search.isJudged {
            guard let judged = search.estimates.correctness(of: models, given: answers) else { return nil }
            correctness = judged
        } else {
            guard seen.isWeighty || seen.mostSamples > 0 || seen.mostOpinions > 0 || belief?.compares == true else {
                return nil
            }
            correctness = belief?.correctness ?? predictions
        }
        guard correctness.allSatisfy(\.isFinite) else { return nil }
        correctness = Self.changed(correctness, models, couplings, by: seen)
        if let last {
            correctness = Self.changed(correctness, last, by: seen.samples.logOdds, couplings)
        }
        self.correctness = correctness
    }

    /// The probability that the last answer is right; nil where its model is no candidate any more.
    var acceptance: Double? { last.map { correctness[$0] } }

    /// The best next call.
    func next() -> NextCall? {
        let mayReplace = search.isJudged || seen.isWeighty || belief?.compares == true
        guard let found = mayReplace ? best(correctness) : replacement(correctness, open: []) else { return nil }
        guard let last else { return call(of: found.move) }
        let opinion = opinion(above: found.value + Self.leastGain)
        if let sampled = valueOfSample(of: last), sampled > found.value + Self.leastGain,
            sampled >= opinion?.value ?? -.infinity
        {
            return .sample(candidates[last].model.id, correctness: correctness[last])
        }
        if let opinion {
            return .compare(
                candidates[opinion.index].model.id, with: candidates[last].model.id, correctness: correctness[last])
        }
        if let again = secondWay(of: last), again.value > found.value { return .askAgain(again.way) }
        return call(of: found.move)
    }

    private func call(of move: CascadePolicy.Move) -> NextCall {
        switch move {
        case .ask(let index): .ask(candidates[index].model.id)
        case .keep(let index): .keep(candidates[index].model.id, correctness: correctness[index])
        }
    }

    // MARK: Moves

    private func best(_ correctness: [Double]) -> Valued? {
        guard search.isJudged else { return replacement(correctness, open: abler) }
        let policy = CascadePolicy(weight: 1, detectionRate: search.estimates.detectionRate)
        return policy.valued(
            correctness: correctness, costUSD: burdens, couplings: couplings, open: open, asked: asked)
    }

    /// The best move without a judge: keep the best answer, or let a better model answer in its place.
    ///
    /// - Parameter further: a model that will have answered besides those that have; nil for none.
    private func replacement(_ correctness: [Double], open: [Int], further: Int? = nil) -> Valued? {
        let answered = asked + [further].compactMap(\.self)
        guard let best = answered.max(by: { (correctness[$0], $1) < (correctness[$1], $0) }) else { return nil }
        let next = open.max { correctness[$0] - burdens[$0] < correctness[$1] - burdens[$1] }
        guard let next, correctness[next] - burdens[next] > correctness[best] + 1e-9 else {
            return (.keep(best), correctness[best])
        }
        return (.ask(next), correctness[next] - burdens[next])
    }

    // MARK: Evidence

    /// The value of one more answer of the model that answered last; nil where it cannot be bought.
    ///
    /// No sample takes longer than the answer that it may save.
    private func valueOfSample(of last: Int) -> Double? {
        guard seen.samples.count < seen.mostSamples, search.fits(candidates[last].candidate, after: made) else {
            return nil
        }
        let saved = (search.isJudged ? open : abler).map { candidates[$0].candidate.latencySeconds }.max() ?? 0
        guard candidates[last].candidate.latencySeconds <= saved else { return nil }
        let agrees = seen.samples.nextAgrees(correctness: correctness[last])
        var value = -burdens[last]
        for (isAgreeing, probability) in [(true, agrees), (false, 1 - agrees)] {
            let change = seen.samples.adding(agrees: isAgreeing).logOdds - seen.samples.logOdds
            let then = Self.changed(correctness, last, by: change, couplings)
            value += probability * (best(then)?.value ?? then[last])
        }
        return value
    }

    /// The model whose answer is best compared with those so far, with the value of asking it; nil for none above a
    /// value.
    ///
    /// It is never slower than the answer that it may save.
    private func opinion(above least: Double) -> (index: Int, value: Double)? {
        guard !search.isJudged, asked.count <= seen.mostOpinions, seen.samples.count == 0 else { return nil }
        let saved = abler.map { candidates[$0].candidate.latencySeconds }.max() ?? 0
        // No answer is worth more than a certain one.
        let worthwhile = open.filter {
            candidates[$0].candidate.latencySeconds <= saved && 1 - burdens[$0] > least
        }
        guard !worthwhile.isEmpty else { return nil }
        let models = candidates.map(\.model)
        let belief =
            belief
            ?? Self.belief(
                candidates.map(\.candidate.prediction.quality), couplings, answers, models, search.offersTools)
        var best: (index: Int, value: Double)?
        for index in worthwhile {
            guard let outlook = belief.outlook(asking: index) else { continue }
            var value = -burdens[index]
            let outcomes = [(outlook.agrees, outlook.ifAgreeing), (1 - outlook.agrees, outlook.ifNew)]
            for (probability, then) in outcomes {
                let known = Self.changed(then, models, couplings, by: seen)
                let later = abler.filter { $0 != index }
                value += probability * (replacement(known, open: later, further: index)?.value ?? 0)
            }
            if value > max(least, best?.value ?? -.infinity) { best = (index, value) }
        }
        return best
    }

    private static func belief(
        _ predictions: [Double], _ couplings: [Float], _ answers: [(model: Model, output: String)],
        _ models: [Model], _ offersTools: Bool
    ) -> AgreementBelief {
        var belief = AgreementBelief(predictions: predictions, couplings: couplings)
        for answer in answers {
            guard let index = models.firstIndex(where: { $0.id == answer.model.id }) else { continue }
            belief.add(ComparedAnswer(answer.output, offersTools: offersTools), of: index)
        }
        return belief
    }

    // MARK: Changes

    /// The probabilities after what was seen of the answers besides their words.
    private static func changed(
        _ correctness: [Double], _ models: [Model], _ couplings: [Float], by seen: SeenEvidence
    ) -> [Double] {
        var correctness = correctness
        for index in models.indices {
            guard let change = seen.logOdds[models[index].id], change != 0 else { continue }
            correctness = changed(correctness, index, by: change, couplings)
        }
        return correctness
    }

    /// The probabilities after a change of one model's log-odds. The others follow by their coupling to it.
    private static func changed(
        _ correctness: [Double], _ index: Int, by change: Double, _ couplings: [Float]
    ) -> [Double] {
        guard change != 0, change.isFinite, correctness[index] > 0 else { return correctness }
        let now = logistic(logit(correctness[index]) + change)
        let task = RestartPolicy.Task(start: correctness, costUSD: [], couplings: couplings)
        var changed = RestartPolicy(weight: 0).corrected(task, correctness, by: index, to: now)
        changed[index] = now
        return changed
    }
}
