import JSON
import Testing

@Suite("Spelling")
struct SpellingTests {
    private let known = ["budget_usd", "deadline_s", "model", "models", "kappa"]

    @Test(
        "a nearly correct name gets its neighbour",
        arguments: [("modle", "model"), ("kapa", "kappa"), ("budget", "budget_usd"), ("deadlines", "deadline_s")])
    func near(wrong: String, right: String) {
        #expect(Spelling.closest(to: wrong, among: known) == right)
    }

    @Test("an unrelated name gets no suggestion", arguments: ["x", "", "temperature"])
    func far(name: String) {
        #expect(Spelling.closest(to: name, among: known) == nil)
    }
}
