import Domain
import Testing

@testable import Estimation

@Suite("Courtesy")
struct CourtesyTests {
    @Test(
        "courtesy at both ends is not read",
        arguments: [
            ("Hi! Could you please write a haiku about rain? Thanks in advance!", "Write a haiku about rain?"),
            ("Good morning, I have a question. What is 17*23?", "What is 17*23?"),
            ("Can you explain the CAP theorem, please?", "Explain the CAP theorem"),
            ("What is 17*23? Thank you very much!", "What is 17*23?"),
            ("Could you please help me with this? Prove that 2 is prime.", "Prove that 2 is prime."),
            ("I'd like you to compare Rust and Go. Much appreciated.", "Compare Rust and Go."),
        ])
    func removed(text: String, expected: String) {
        #expect(Courtesy.removed(from: text) == expected)
    }

    @Test(
        "what is no courtesy stays",
        arguments: [
            "Hi!", "Thanks!", "Can you eat raw potatoes?", "Highlight the verbs in this text.", "Say thank you in Thai",
            "Please", "Heyday of the Roman Empire", "Thank you", "Hello world in C",
        ])
    func kept(text: String) {
        #expect(Courtesy.removed(from: text) == text)
    }

    @Test("greetings without end are no courtesy")
    func repeated() {
        let text = String(repeating: "hi ", count: 2600) + "please write a haiku about rain"
        #expect(Courtesy.removed(from: text) == text)
    }

    @Test("predictions of a polite request are those of the plain one")
    func features() {
        let plain = StepText(prompt: "Summarize the causes of the French Revolution.").withoutCourtesy
        let polite = StepText(prompt: "Hello, could you please summarize the causes of the French Revolution. Thanks!")
        #expect(polite.withoutCourtesy.prompt == plain.prompt)
    }
}
