import Testing

@testable import Calls

@Suite("Bounded commands")
struct BoundedCommandTests {
    private func run(_ script: String, input: String = "42", seconds: Double = 10, bytes: Int = 1000)
        -> BoundedCommand.Result
    {
        BoundedCommand(
            words: ["/bin/sh", "-c", script], environment: ["PATH=/usr/bin:/bin", "HERA_CHECK=test"],
            timeoutSeconds: seconds, outputBytes: bytes
        ).run(input: Array(input.utf8))
    }

    @Test("the answer is the command's input, and its status and first line come back")
    func ends() {
        #expect(run("grep -q 42") == .printed("", status: 0))
        #expect(run("read x; echo \"not $x\"; echo more; exit 3") == .printed("not 42\nmore\n", status: 3))
        #expect(run("echo $HERA_CHECK$HOME >&2; exit 1") == .printed("test\n", status: 1))
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
        let time = clock.measure { #expect(run("sleep 100 & echo ok") == .printed("ok\n", status: 0)) }
        #expect(time < .seconds(5))
    }

    @Test("a command that prints without end is killed")
    func floods() {
        #expect(run("yes") == .tooMuchOutput)
    }

    @Test("a command that reads nothing of a large answer ends as it says")
    func ignoresInput() {
        #expect(run("exit 0", input: String(repeating: "x", count: 4 << 20)) == .printed("", status: 0))
        #expect(run("wc -c", input: String(repeating: "x", count: 4 << 20)) == .printed("4194304\n", status: 0))
    }

    @Test("a command that reads an empty answer finds its end")
    func emptyInput() {
        #expect(run("wc -c", input: "") == .printed("0\n", status: 0))
    }

    @Test("the first line of an output is told without the blank lines before it")
    func firstLine() {
        #expect(BoundedCommand.firstLine(of: Array("\n  no such file\nmore".utf8)) == "no such file")
    }

    @Test("a command whose errors do not count is looked for in PATH, and prints its output alone")
    func errorsDropped() {
        let command = BoundedCommand(
            words: ["sh", "-c", "echo warning >&2; echo token"], environment: [], timeoutSeconds: 10, outputBytes: 100,
            keepsErrors: false)
        #expect(command.run(input: []) == .printed("token\n", status: 0))
    }

    @Test("a program that is not there is not started")
    func missing() {
        let command = BoundedCommand(words: ["/no/such"], environment: [], timeoutSeconds: 1, outputBytes: 100)
        guard case .notStarted = command.run(input: []) else {
            Issue.record("it was started")
            return
        }
    }
}

extension BoundedCommand.Result {
    fileprivate static func printed(_ output: String, status: Int32) -> Self {
        .ended(status: status, output: Array(output.utf8))
    }
}
