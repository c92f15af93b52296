import Domain
import Testing

@Suite("Signs of a run")
struct RunSignsTests {
    @Test("errors in a row, repeated steps and repeated results are told apart")
    func signs() {
        let good = RunSigns([("ls", "a b"), ("cat a", "42")])
        #expect(good.logOdds == 0 && good.words.isEmpty)
        let error = RunSigns([("ls", "a b"), ("cat c", "cat: ERROR, no such file")])
        #expect(error.errors == 1 && error.logOdds < 0)
        let twice = RunSigns([("cat b", "Error"), ("cat c", "Traceback: x")])
        #expect(twice.errors == 2 && twice.logOdds < error.logOdds)
        let again = RunSigns([("cat b", "Error"), ("cat b", "Error")])
        #expect(again.repeatsStep && again.repeatsResult && again.logOdds < twice.logOdds)
    }

    @Test("polling with a new result is no loop, and longer words are no errors")
    func harmless() {
        let polling = RunSigns([("status", "10 %"), ("status", "20 %")])
        #expect(polling.logOdds == 0)
        #expect(RunSigns([("ls", "terrors.txt errorless")]).errors == 0)
        #expect(RunSigns([("ls", "")]).logOdds == 0)
        #expect(RunSigns([]).logOdds == 0)
    }
}
