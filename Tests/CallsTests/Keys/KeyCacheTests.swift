import Dispatch
import Domain
import Synchronization
import TestSupport
import Testing

@testable import Calls

@Suite("The cache of keys that commands print")
struct KeyCacheTests {
    /// A command whose output is set by the test, with a clock of its own.
    private final class Scripted: Sendable {
        let time = Mutex(Timestamp(milliseconds: 1_800_000_000_000))
        let outputs = Mutex<[Result<[UInt8], KeyFault>]>([])
        let runs = Mutex(0)

        func cache() -> KeyCache {
            KeyCache(now: { self.time.withLock { $0 } }) { _, end in
                self.runs.withLock { $0 += 1 }
                end(self.outputs.withLock { $0.count > 1 ? $0.removeFirst() : $0[0] })
            }
        }

        func say(_ texts: String...) { outputs.withLock { $0 = texts.map { .success(Array($0.utf8)) } } }
        func fail() { outputs.withLock { $0 = [.failure(KeyFault("it ended with status 1"))] } }
        func wait(_ seconds: Double) { time.withLock { $0 = $0.advanced(bySeconds: seconds) } }
        var count: Int { runs.withLock { $0 } }
    }

    private static let command = ["print-key"]

    private static func token(_ cache: KeyCache, early: Bool = false) async -> String? {
        guard case .success(let key) = await cache.key(of: command, early: early) else { return nil }
        return key.token
    }

    @Test("a key is used to shortly before its end, and then fetched anew")
    func life() async {
        let script = Scripted()
        script.say(#"{"token":"one","expires_in":3600}"#, #"{"token":"two","expires_in":3600}"#)
        let cache = script.cache()
        #expect(await Self.token(cache) == "one")
        script.wait(3500)
        #expect(await Self.token(cache) == "one" && script.count == 1)
        script.wait(95)
        #expect(await Self.token(cache) == "two" && script.count == 2)
    }

    @Test("who looks ahead fetches a key in the last minutes of its life, while others go on with it")
    func ahead() async {
        let script = Scripted()
        script.say(#"{"token":"one","expires_in":3600}"#, #"{"token":"two","expires_in":3600}"#)
        let cache = script.cache()
        #expect(await Self.token(cache, early: true) == "one")
        script.wait(3200)
        #expect(await Self.token(cache, early: true) == "one")
        script.wait(150)
        #expect(await Self.token(cache) == "one" && script.count == 1)
        #expect(await Self.token(cache, early: true) == "two" && script.count == 2)
    }

    @Test("a key without a known end is fetched every five minutes")
    func bare() async {
        let script = Scripted()
        script.say("one", "two")
        let cache = script.cache()
        #expect(await Self.token(cache) == "one")
        script.wait(280)
        #expect(await Self.token(cache) == "one")
        script.wait(20)
        #expect(await Self.token(cache) == "two")
    }

    @Test("a command that fails is left alone for ten seconds, and its last key is used as long as it is valid")
    func failures() async {
        let script = Scripted()
        script.say(#"{"token":"one","expires_in":100}"#)
        let cache = script.cache()
        #expect(await Self.token(cache) == "one")
        script.fail()
        script.wait(85)
        #expect(await Self.token(cache, early: true) == "one" && script.count == 2)
        script.wait(20)
        #expect(await Self.token(cache) == nil && script.count == 3)
        #expect(await Self.token(cache) == nil && script.count == 3)
        script.say(#"{"token":"two","expires_in":100}"#)
        script.wait(11)
        #expect(await Self.token(cache) == "two")
    }

    @Test("a key that has expired already is none")
    func expired() async {
        let script = Scripted()
        script.say(#"{"token":"one","expires_at":1700000000}"#)
        #expect(await Self.token(script.cache()) == nil)
    }

    @Test("many calls at once run the command once")
    func together() async {
        let script = Scripted()
        let cache = KeyCache { _, end in
            script.runs.withLock { $0 += 1 }
            DispatchQueue.global().async { end(.success(Array("one".utf8))) }
        }
        await withTaskGroup(of: String?.self) { group in
            for _ in 0..<50 { group.addTask { await Self.token(cache) } }
            for await token in group { #expect(token == "one") }
        }
        #expect(script.count == 1)
    }

    @Test("a call that is broken off does not wait for the command, whose key is there for the others")
    func brokenOff() async throws {
        let end = Mutex<(@Sendable (Result<[UInt8], KeyFault>) -> Void)?>(nil)
        let cache = KeyCache { _, then in end.withLock { $0 = then } }
        let first = Task { await Self.token(cache) }
        try await waitUntil("the command runs") { end.withLock { $0 != nil } }
        async let other = Self.token(cache)
        first.cancel()
        #expect(await first.value == nil)
        end.withLock { $0 }?(.success(Array("one".utf8)))
        #expect(await other == "one")
        #expect(await Self.token(cache) == "one")
    }

    @Test("a key that was forgotten is fetched anew, and is still removed from texts")
    func forgotten() async throws {
        let script = Scripted()
        script.say("first", "second")
        let cache = script.cache()
        guard case .success(let key) = await cache.key(of: Self.command) else { throw KeyFault("no key") }
        cache.forget(key, of: Self.command)
        #expect(await Self.token(cache) == "second")
        // Another call was refused with the first key, too: the second one stays.
        cache.forget(key, of: Self.command)
        #expect(await Self.token(cache) == "second" && script.count == 2)
        #expect(cache.secrets(of: Self.command) == ["second", "first"])
    }
}
