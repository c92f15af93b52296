package import Estimation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Every model's probability of a right answer, from predictions and from which answers are the same.
///
/// It needs no judge. Each combination of right and wrong answers has a prior probability, from the predictions and the
/// couplings of the models' errors, and a likelihood, from the answers that agree. An answer either joins an earlier
/// one or is new. Answers that cannot be compared tell nothing.
package struct AgreementBelief: Sendable {
    private let predictions: [Double]
    /// Row k, column m: the coupling of the errors of k and m.
    let couplings: [Float]
    private var answers: [(model: Int, answer: ComparedAnswer)] = []

    /// Answers that are compared; their combinations double with each.
    package static let most = 5

    /// - Parameters:
    ///   - predictions: by model, the probability of a right answer before any was seen.
    ///   - couplings: row k, column m: the coupling of the errors of k and m.
    package init(predictions: [Double], couplings: [Float]) {
        self.predictions = predictions.map { min(max($0, 0.001), 0.999) }
        self.couplings = couplings
    }

    /// How often two answers of different models are the same one.
    struct Rates: Sendable {
        /// Where both are right.
        var right: Double
        /// Where one of them is.
        var mixed: Double
        /// Where both are wrong.
        var wrong: Double

        /// Counted on recorded answers of split `train` (docs/internals/deep/evidence.md); nil where nothing is known.
        static func of(_ form: ComparedAnswer.Form) -> Rates? {
            switch form {
            case .choice: Rates(right: 0.99, mixed: 0.02, wrong: 0.90)
            case .value: Rates(right: 0.95, mixed: 0.05, wrong: 0.23)
            case .call: Rates(right: 0.80, mixed: 0.20, wrong: 0.43)
            case .text: nil
            }
        }
    }

    /// Adds an answer that was paid for. A second one of the same model takes the place of the first.
    package mutating func add(_ answer: ComparedAnswer, of model: Int) {
        answers.removeAll { $0.model == model }
        answers.append((model, answer))
        if answers.count > Self.most { answers.removeFirst() }
    }

    /// Whether two answers or more can be compared.
    package var compares: Bool { answers.count { $0.answer.form != .text } > 1 }

    /// The probabilities by model: of its answer, or of one that it would give.
    package var correctness: [Double] { compares ? weighed(answers.map(\.answer)).mean : predictions }

    /// What another model's answer would tell.
    struct Outlook {
        /// Probability that its answer is the same as the best one so far.
        var agrees: Double
        /// The probabilities by model if it is, and if it is a new answer.
        var ifAgreeing: [Double]
        var ifNew: [Double]
    }

    /// - Returns: nil where its answer could not be compared with one so far.
    func outlook(asking model: Int) -> Outlook? {
        let now = correctness
        guard let best = answers.max(by: { now[$0.model] < now[$1.model] }), best.answer.form != .text,
            !answers.contains(where: { $0.model == model })
        else { return nil }
        var with = self
        with.answers.append((model, best.answer))
        let known = answers.map(\.answer)
        let agreeing = with.weighed(known + [best.answer])
        let new = with.weighed(known + [nil], form: best.answer.form)
        let sum = agreeing.weight + new.weight
        guard sum > 0 else { return nil }
        return Outlook(agrees: agreeing.weight / sum, ifAgreeing: agreeing.mean, ifNew: new.mean)
    }

    /// The combinations' mean, and the sum of their weights.
    ///
    /// - Parameters:
    ///   - compared: the answers in order; nil for one that is like none of them.
    ///   - form: of the answers that are nil.
    private func weighed(
        _ compared: [ComparedAnswer?], form: ComparedAnswer.Form = .value
    ) -> (mean: [Double], weight: Double) {
        let places = Self.places(compared)
        var mean = [Double](repeating: 0, count: predictions.count)
        var total = 0.0
        let policy = RestartPolicy(weight: 0)
        func visit(_ index: Int, _ isRight: [Bool], _ probabilities: [Double], _ weight: Double) {
            guard index < answers.count else {
                let weight = weight * Self.likelihood(compared, form, places, isRight)
                var values = probabilities
                for (place, right) in isRight.enumerated() { values[answers[place].model] = right ? 1 : 0 }
                for model in values.indices { mean[model] += weight * values[model] }
                total += weight
                return
            }
            let model = answers[index].model
            let p = probabilities[model]
            let task = RestartPolicy.Task(start: probabilities, costUSD: [], couplings: couplings)
            for right in [true, false] {
                visit(
                    index + 1, isRight + [right],
                    policy.corrected(task, probabilities, by: model, to: right ? 1 : 0), weight * (right ? p : 1 - p))
            }
        }
        visit(0, [], predictions, 1)
        guard total > 0 else { return (predictions, 0) }
        return (mean.map { min(max($0 / total, 0.001), 0.999) }, total)
    }

    /// By answer, the first answer that is the same; its own index for a new one.
    private static func places(_ compared: [ComparedAnswer?]) -> [Int] {
        compared.indices.map { index in
            guard let own = compared[index] else { return index }
            return compared[..<index].firstIndex { $0.map { $0.agrees(with: own) ?? false } ?? false } ?? index
        }
    }

    /// The likelihood of the agreements, given which answers are right.
    private static func likelihood(
        _ compared: [ComparedAnswer?], _ form: ComparedAnswer.Form, _ places: [Int], _ isRight: [Bool]
    ) -> Double {
        var value = 1.0
        var earlier: [Int] = []
        for index in compared.indices {
            guard let rates = Rates.of(compared[index]?.form ?? form) else { continue }
            defer { earlier.append(index) }
            guard !earlier.isEmpty else { continue }
            func holdsRight(_ place: Int) -> Bool { earlier.contains { places[$0] == place && isRight[$0] } }
            if places[index] != index {
                let isSame = isRight[index] == holdsRight(places[index])
                value *= isSame ? (isRight[index] ? rates.right : rates.wrong) : rates.mixed
            } else {
                let groups = Set(earlier.map { places[$0] })
                for place in groups {
                    let isSame = isRight[index] == holdsRight(place)
                    value *= 1 - (isSame ? (isRight[index] ? rates.right : rates.wrong) : rates.mixed)
                }
            }
        }
        return pow(value, shrink)
    }

    /// For models and texts other than those that were counted.
    private static let shrink = 0.8
}
