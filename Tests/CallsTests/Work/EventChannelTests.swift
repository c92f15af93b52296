import Calls
import Dialects
import Testing

@Suite("Event channels")
struct EventChannelTests {
    /// An event of some bytes.
    private static func event(_ bytes: [UInt8]) -> ChatEvent { ChatEvent(kind: .delta, openAIData: bytes) }

    @Test("all events arrive in order, whoever is faster", arguments: [(64, 1024), (256 << 10, 3)])
    func order(maximumBytes: Int, maximumEvents: Int) async {
        let channel = EventChannel(maximumBytes: maximumBytes, maximumEvents: maximumEvents)
        let reader = channel.reader()
        async let sent: Void = {
            for number in 0..<500 { _ = await channel.send(Self.event(Array("\(number),".utf8))) }
            channel.finish()
        }()
        var received: [UInt8] = []
        for await events in reader { received += events.flatMap { $0.openAIData ?? [] } }
        await sent
        #expect(String(decoding: received, as: UTF8.self) == (0..<500).map { "\($0)," }.joined())
    }

    @Test("the writer waits while the reader is behind, in bytes or in events", arguments: [(10, 1024), (1 << 20, 2)])
    func backPressure(maximumBytes: Int, maximumEvents: Int) async {
        let channel = EventChannel(maximumBytes: maximumBytes, maximumEvents: maximumEvents)
        let reader = channel.reader()
        #expect(await channel.send(Self.event([UInt8](repeating: 1, count: 5))))
        let blocked = Task { await channel.send(Self.event([UInt8](repeating: 2, count: 5))) }
        try? await Task.sleep(for: .milliseconds(20))
        var batches = reader.makeAsyncIterator()
        #expect(await batches.next()?.count == 2)
        #expect(await blocked.value)
    }

    @Test("a writer learns that its reader has gone, also while it waits")
    func readerGone() async {
        let channel = EventChannel(maximumBytes: 1)
        var reader: EventChannelReader? = channel.reader()
        let blocked = Task { await channel.send(Self.event([1, 2, 3])) }
        try? await Task.sleep(for: .milliseconds(20))
        reader?.cancel()
        reader = nil
        #expect(await blocked.value == false)
        #expect(await channel.send(Self.event([4])) == false)
    }

    @Test("a reader that takes nothing for too long counts as gone, one that is only slow does not")
    func stalledReader() async {
        let stalled = EventChannel(maximumBytes: 4)
        let reader = stalled.reader()
        #expect(await stalled.send([Self.event([1])], within: .milliseconds(20)))
        #expect(await stalled.send([Self.event([1, 2, 3, 4])], within: .milliseconds(20)) == false)
        #expect(stalled.isAbandoned)
        withExtendedLifetime(reader) {}
        let slow = EventChannel(maximumBytes: 4)
        let batches = slow.reader()
        async let sent = slow.send([Self.event([1, 2, 3, 4])], within: .seconds(60))
        var iterator = batches.makeAsyncIterator()
        #expect(await iterator.next() == [Self.event([1, 2, 3, 4])])
        #expect(await sent)
        #expect(!slow.isAbandoned)
    }
}
