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

    private func opened() -> CircuitBreaker {
        var breaker = CircuitBreaker()
        for _ in 1...CircuitBreaker.failuresToOpen { breaker.recordFailure("down", at: moment(0)) }
        return breaker
    }

    @Test("after a pause one call at a time is the trial, and others wait for its end")
    func trial() {
        var breaker = opened()
        #expect(breaker.admit(at: moment(1)) == .refused(seconds: 4))
        #expect(breaker.admit(at: moment(5)) == .trial)
        for _ in 1...59 { #expect(breaker.admit(at: moment(5)) == .refused(seconds: 1)) }
        #expect(!breaker.admits(at: moment(60)))
        breaker.abandonTrial(at: moment(60))
        #expect(breaker.admit(at: moment(60)) == .trial, "a trial that was not made says nothing")
        breaker.recordFailure("still down", isTrial: true, at: moment(61))
        #expect(breaker.restSeconds(at: moment(61)) == 10)
        #expect(breaker.admit(at: moment(71)) == .trial)
        breaker.recordSuccess()
        #expect(breaker.admit(at: moment(71)) == .call)
    }

    @Test("calls that began before a pause do not make it longer")
    func lateFailures() {
        var breaker = opened()
        for _ in 1...60 { breaker.recordFailure("late", at: moment(1)) }
        #expect(breaker.restSeconds(at: moment(0)) == 5 && breaker.reason == "down")
        #expect(breaker.admit(at: moment(5)) == .trial)
        breaker.recordFailure("late", at: moment(6))
        #expect(breaker.admit(at: moment(600)) == .refused(seconds: 1), "the trial is still under way")
    }

    @Test("a server is left alone for as long as it asks, from its first failure on, a day at most")
    func advice() {
        var breaker = CircuitBreaker()
        breaker.recordFailure("slow down", restSeconds: 60, isRateLimited: true, at: moment(0))
        #expect(!breaker.admits(at: moment(59.9)) && breaker.isRateLimited)
        breaker.recordFailure("slow down", restSeconds: 10, at: moment(1))
        #expect(!breaker.admits(at: moment(59.9)), "a shorter wait takes nothing back")
        #expect(breaker.admit(at: moment(60)) == .trial)
        var forever = CircuitBreaker()
        forever.recordFailure("gone", restSeconds: 1e9, at: moment(0))
        #expect(forever.restSeconds(at: moment(0)) == 86_400)
        var now = CircuitBreaker()
        now.recordFailure("again", restSeconds: 0, at: moment(0))
        #expect(now.admits(at: moment(0)))
    }
}
