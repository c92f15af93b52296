import Calls
import Domain
import Testing

@Suite("The circuit breaker of a model")
struct CircuitBreakerTests {
    private func moment(_ seconds: Double) -> Timestamp { Timestamp(milliseconds: Int64(seconds * 1000)) }

    @Test("three failures in a row open it, for longer after each trial that fails, and a success closes it")
    func life() {
        var breaker = CircuitBreaker()
        breaker.recordFailure("a", at: moment(0))
        breaker.recordFailure("b", at: moment(0))
        #expect(breaker.admits(at: moment(0)))
        breaker.recordFailure("c", at: moment(0))
        #expect(!breaker.admits(at: moment(4.9)))
        #expect(breaker.reason == "c")
        #expect(breaker.admits(at: moment(5)))
        breaker.recordFailure("d", at: moment(5))
        #expect(!breaker.admits(at: moment(14.9)), "twice as long")
        #expect(breaker.admits(at: moment(15)))
        breaker.recordSuccess()
        breaker.recordFailure("e", at: moment(20))
        #expect(breaker.admits(at: moment(20)))
    }
}
