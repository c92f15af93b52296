import Domain
import Testing

@testable import Estimation
@testable import Training

@Suite("Speeds of answers")
struct SpeedTests {
    private func row(_ number: Int, split: Split = .train, seconds: Double?, tokens: Double) -> OutcomeRow {
        OutcomeRow(
            id: "\(number)", suite: "s", dataset: "d", split: split, text: StepText(prompt: "p"),
            outcomes: ["openai/Model-3_1": Outcome(score: 1, outputTokens: tokens, seconds: seconds)])
    }

    @Test("a line through recorded calls is found again, outages left out")
    func line() throws {
        var rows = (0..<95).map { row($0, seconds: 0.4 + 0.02 * Double($0), tokens: Double($0)) }
        rows += (95..<100).map { row($0, seconds: 500, tokens: 10) }
        let speed = try #require(SpeedTrainer().train(rows)[ModelID("model-3.1")])
        #expect(abs(speed.firstTokenSeconds - 0.4) < 1e-5)
        #expect(abs(speed.secondsPerToken - 0.02) < 1e-6)
        #expect(abs(speed.seconds(outputTokens: 50) - 1.4) < 1e-4)
    }

    @Test("validation rows, rows without latency and thin models teach nothing")
    func ignored() {
        let rows = (0..<100).map { row($0, split: .validation, seconds: 1, tokens: 1) }
        #expect(SpeedTrainer().train(rows).models.isEmpty)
        #expect(SpeedTrainer().train((0..<100).map { row($0, seconds: nil, tokens: 1) }).models.isEmpty)
        #expect(SpeedTrainer().train((0..<29).map { row($0, seconds: 1, tokens: 1) }).models.isEmpty)
    }

    @Test(
        "times are never negative, whatever the noise", arguments: [[(1.0, 5.0), (100, 1)], [(100, 0.1), (101, 9)]])
    func positive(_ calls: [(Double, Double)]) {
        let speed = SpeedTrainer.fit(calls.map { (tokens: $0.0, seconds: $0.1) })
        #expect(speed.firstTokenSeconds >= 0 && speed.secondsPerToken >= 0)
    }

    @Test("a profile reads back as it was written, and a damaged one is refused")
    func coding() throws {
        let profile = SpeedProfile(
            models: ["a", "b"],
            speeds: [
                AnswerSpeed(firstTokenSeconds: 0.5, secondsPerToken: 0.25),
                AnswerSpeed(firstTokenSeconds: 1, secondsPerToken: 0),
            ])
        let bytes = ProfileFile.encode(.speed, profile.encoded())
        let read = try ProfileFile.decode(bytes, path: "x") { (_, reader) throws(ByteReader.Failure) in
            try SpeedProfile(&reader)
        }
        #expect(read.models == profile.models && read.speeds == profile.speeds)
        let broken = SpeedProfile(
            models: ["a"], speeds: [AnswerSpeed(firstTokenSeconds: 0.5, secondsPerToken: -1)])
        let wrong = ProfileFile.encode(.speed, broken.encoded())
        #expect(throws: EstimationError.self) {
            try ProfileFile.decode(wrong, path: "x") { (_, reader) throws(ByteReader.Failure) in
                try SpeedProfile(&reader)
            }
        }
    }
}
