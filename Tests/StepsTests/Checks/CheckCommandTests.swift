import Testing

@testable import Steps

@Suite("Commands as checks")
struct CheckCommandTests {
    private func run(_ script: String, input: String = "42", seconds: Double = 10, bytes: Int = 1000)
        -> CheckCommand.Result
    {
        CheckCommand(
            words: ["/bin/sh", "-c", script], environment: ["PATH=/usr/bin:/bin", "HERA_CHECK=test"],
            timeoutSeconds: seconds, outputBytes: bytes
        ).run(input: Array(input.utf8))
    }

    @Test("the answer is the command's input, and its status and first line come back")
    func ends() {
        #expect(run("grep -q 42") == .ended(status: 0, line: ""))
        #expect(run("read x; echo \"not $x\"; echo more; exit 3") == .ended(status: 3, line: "not 42"))
        #expect(run("echo $HERA_CHECK$HOME >&2; exit 1") == .ended(status: 1, line: "test"))
    }

    @Test("a command that hangs is killed with all that it started")
    func hangs() {
        let clock = ContinuousClock()
        let time = clock.measure { #expect(run("sleep 100 & sleep 100", seconds: 0.2) == .tooLong) }
        #expect(time < .seconds(5))
    }

    @Test("a child that outlives the command and holds its output does not delay the verdict")
    func orphan() {
        let clock = ContinuousClock()
        let time = clock.measure { #expect(run("sleep 100 & echo ok") == .ended(status: 0, line: "ok")) }
        #expect(time < .seconds(5))
    }

    @Test("a command that prints without end is killed")
    func floods() {
        #expect(run("yes") == .tooMuchOutput)
    }

    @Test("a command that reads nothing of a large answer ends as it says")
    func ignoresInput() {
        #expect(run("exit 0", input: String(repeating: "x", count: 4 << 20)) == .ended(status: 0, line: ""))
        #expect(run("wc -c", input: String(repeating: "x", count: 4 << 20)) == .ended(status: 0, line: "4194304"))
    }

    @Test("a command that reads an empty answer finds its end")
    func emptyInput() {
        #expect(run("wc -c", input: "") == .ended(status: 0, line: "0"))
    }

    @Test("a program that is not there is not started")
    func missing() {
        let command = CheckCommand(words: ["/no/such"], environment: [], timeoutSeconds: 1, outputBytes: 100)
        guard case .notStarted = command.run(input: []) else {
            Issue.record("it was started")
            return
        }
    }
}
