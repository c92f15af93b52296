import Testing

@testable import Domain
@testable import Estimation
@testable import Training

@Suite struct MemoryTests {
    @Test("the same question in another format has the same stem, another question has not")
    func stems() throws {
        let plain = try #require(QuestionStem.hash("Which vitamin is a major antioxidant in membranes?\nA. D\nB. K"))
        #expect(QuestionStem.hash("which VITAMIN is a major  antioxidant in membranes?\n(A) E\n(B) D") == plain)
        #expect(QuestionStem.hash("Which vitamin is a minor antioxidant in membranes?") != plain)
        #expect(QuestionStem.hash("Why?") == nil)
    }

    @Test("a panel reads the memory of other panels, never its own")
    func recall() {
        let memory = QuestionMemory(
            panels: ["a", "b"],
            [
                .init(stem: 7, panel: 0, surplus: 0.4), .init(stem: 7, panel: 1, surplus: -0.2),
                .init(stem: 9, panel: 0, surplus: 1),
            ])
        let readable = QuestionMemory.readable(by: [["x", "y"], ["y", "z"]], isOfRuns: [false, false])
        #expect(memory.recall(7).counts(readable: readable[0]) == [-0.2, 1] as [Float])
        #expect(memory.recall(7).counts(readable: readable[1]) == [0.4, 1])
        #expect(memory.recall(9).counts(readable: readable[0]) == [0, 0])
        #expect(memory.recall(8).counts(readable: readable[1]) == [0, 0])
        #expect(memory.recall(nil).counts(readable: readable[1]) == [0, 0])
    }

    @Test("no panel reads the memory of whole runs, nor of a panel without other models")
    func readable() {
        let models = [["org/a", "b"], ["A", "b", "c"], ["a"]]
        #expect(
            QuestionMemory.readable(by: models, isOfRuns: [false, false, false]) == [
                [false, true, false], [false, false, false], [true, true, false],
            ])
        #expect(
            QuestionMemory.readable(by: models, isOfRuns: [false, true, false]) == [
                [false, false, false], [false, false, false], [true, false, false],
            ])
    }
}
