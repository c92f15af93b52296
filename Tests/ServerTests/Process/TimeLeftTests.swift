import Testing

@testable import hera

@Suite("The time left of a long command")
struct TimeLeftTests {
    @Test(
        "is that of the pace so far",
        arguments: [
            (0.5, 30, "30 s"), (0.1, 60, "9 min"), (0.01, 600, nil), (0.02, 600, "9 h"), (0.5, 2, nil), (1, 60, nil),
        ] as [(Double, Int, String?)])
    func pace(share: Double, seconds: Int, text: String?) {
        #expect(TimeLeft(share: share, elapsed: .seconds(seconds)).text == text)
    }
}
