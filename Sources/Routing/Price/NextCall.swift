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
