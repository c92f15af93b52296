import Testing

@testable import Calls

@Suite("Second requests beside slow ones")
struct HedgeTests {
    @Test("come after the wait that most of the newest calls did not pass")
    func tail() {
        var tail = LatencyTail()
        for number in 1...19 { tail.record(Double(number)) }
        #expect(tail.quantile(0.5) == nil, "too few calls")
        tail.record(20)
        #expect(tail.quantile(0.95) == 20 && tail.quantile(0.5) == 11)
        for _ in 0..<128 { tail.record(1) }
        #expect(tail.quantile(0.99) == 1, "old calls are forgotten")
    }

    @Test("are a share of the calls, and at most two can be saved up")
    func credit() {
        var credit = HedgeCredit()
        var taken = 0
        for _ in 0..<1000 {
            credit.earn(0.05)
            if credit.take() { taken += 1 }
        }
        #expect(taken == 50)
        for _ in 0..<1000 { credit.earn(0.05) }
        #expect(credit.take() && credit.take() && !credit.take())
    }

    @Test("one request gets the answer, and the other one is broken off")
    func gate() async {
        let gate = HedgeGate()
        let (wait, continuation) = AsyncStream.makeStream(of: Void.self)
        await withTaskGroup(of: String?.self) { group in
            group.addTask {
                await gate.run(0) {
                    for await _ in wait { break }
                    let isCancelled = Task.isCancelled
                    return gate.claim(0) ? "first" : isCancelled ? "cancelled" : "late"
                }
            }
            group.addTask { await gate.run(1) { gate.claim(1) ? "second" : "late" } }
            var results: [String] = []
            for await result in group { results.append(result ?? "none") }
            #expect(Set(results) == ["second", "cancelled"])
        }
        continuation.finish()
        #expect(!gate.isOpen)
        #expect(gate.claim(1) && !gate.claim(0))
    }
}
