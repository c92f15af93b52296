import Calls
import Testing

@Suite("Relays")
struct RelayTests {
    @Test("all bytes arrive in order, whoever is faster")
    func order() async {
        let relay = ByteChannel(capacity: 64)
        let reader = relay.reader()
        async let sent: Void = {
            for number in 0..<500 { _ = await relay.send(Array("\(number),".utf8)) }
            relay.finish()
        }()
        var received: [UInt8] = []
        for await piece in reader { received += piece }
        await sent
        #expect(String(decoding: received, as: UTF8.self) == (0..<500).map { "\($0)," }.joined())
    }

    @Test("the writer waits while the reader is behind")
    func backPressure() async {
        let relay = ByteChannel(capacity: 10)
        let reader = relay.reader()
        #expect(await relay.send([UInt8](repeating: 1, count: 5)))
        let blocked = Task { await relay.send([UInt8](repeating: 2, count: 5)) }
        try? await Task.sleep(for: .milliseconds(20))
        var pieces = reader.makeAsyncIterator()
        #expect(await pieces.next()?.count == 10)
        #expect(await blocked.value)
    }

    @Test("a writer learns that its reader has gone, also while it waits")
    func readerGone() async {
        let relay = ByteChannel(capacity: 1)
        var reader: ByteChannelReader? = relay.reader()
        let blocked = Task { await relay.send([1, 2, 3]) }
        try? await Task.sleep(for: .milliseconds(20))
        reader?.cancel()
        reader = nil
        #expect(await blocked.value == false)
        #expect(await relay.send([4]) == false)
    }

    @Test("a reader that takes nothing for too long counts as gone, one that is only slow does not")
    func stalledReader() async {
        let stalled = ByteChannel(capacity: 4)
        let reader = stalled.reader()
        #expect(await stalled.send([1], within: .milliseconds(20)))
        #expect(await stalled.send([1, 2, 3, 4], within: .milliseconds(20)) == false)
        #expect(stalled.isAbandoned)
        withExtendedLifetime(reader) {}
        let slow = ByteChannel(capacity: 4)
        let pieces = slow.reader()
        async let sent = slow.send([1, 2, 3, 4], within: .seconds(60))
        var iterator = pieces.makeAsyncIterator()
        #expect(await iterator.next() == [1, 2, 3, 4])
        #expect(await sent)
        #expect(!slow.isAbandoned)
    }
}
