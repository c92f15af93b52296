import JSON
import Testing

@Suite("Server-sent event reader")
struct SSEReaderTests {
    private func events(_ text: String) throws -> [SSEEvent] {
        var reader = SSEReader()
        return try reader.feed(Array(text.utf8))
    }

    private func event(_ data: String, event: String? = nil, id: String? = nil) -> SSEEvent {
        SSEEvent(event: event, data: Array(data.utf8), id: id)
    }

    @Test("the standard's examples are parsed as specified")
    func standardExamples() throws {
        #expect(try events("data: YHOO\ndata: +2\ndata: 10\n\n") == [event("YHOO\n+2\n10")])
        #expect(
            try events(": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event")
                == [event("first event", id: "1"), event("second event", id: "")])
        #expect(try events("data\n\ndata\ndata\n\ndata:") == [event(""), event("\n")])
        #expect(try events("data:test\n\ndata: test\n\n") == [event("test"), event("test")])
    }

    @Test("event types last for one event, IDs for all that follow")
    func typesAndIDs() throws {
        let text =
            "event: delta\nid: 7\ndata: a\n\ndata: b\n\nevent: lost\n\ndata: c\n\nevent:\ndata: d\nid: 8\u{0}\n\n"
        #expect(
            try events(text)
                == [event("a", event: "delta", id: "7"), event("b", id: "7"), event("c", id: "7"), event("d", id: "7")])
    }

    @Test("unknown fields, comments, retry and wrong case are ignored")
    func ignoredLines() throws {
        #expect(try events("foo: 1\n:c\n:\nretry: 10\nData: x\ndata : y\n data: z\ndata:k:v\n\n") == [event("k:v")])
    }

    @Test("lines end with LF, CR or CRLF, in any mixture", arguments: ["\n", "\r", "\r\n"])
    func lineEnds(end: String) throws {
        let text = ["event: e", "data: a", "data: b", "", "data: c", "", ""].joined(separator: end)
        #expect(try events(text) == [event("a\nb", event: "e"), event("c")])
    }

    @Test("one byte order mark is skipped at the start only")
    func byteOrderMark() throws {
        #expect(try events("\u{feff}data: a\n\n\u{feff}data: b\n\ndata: c\n\n") == [event("a"), event("c")])
        #expect(try events("\u{feff}\u{feff}data: a\n\n") == [])
    }

    @Test("invalid UTF-8 is kept in data and repaired in an event type")
    func invalidUTF8() throws {
        var reader = SSEReader()
        let read = try reader.feed(Array("event: a".utf8) + [0xFF, 0x0A] + Array("data: ".utf8) + [0xFF, 0x0A, 0x0A])
        #expect(read == [SSEEvent(event: "a\u{fffd}", data: [0xFF])])
    }

    @Test("a stream split at any place gives the same events as in one chunk")
    func splits() throws {
        let text =
            "\u{feff}: hi\r\nevent: é😀\r\ndata: a\rdata:b\n\rid: 1\r\n\r\ndata\n\n\r\n\ndata: {\"x\": \"中\"}\r\n\r\ndata: end"
        let bytes = Array(text.utf8)
        let expected = try events(text)
        #expect(expected.count == 3)
        for first in 0...bytes.count {
            for second in first...bytes.count {
                var reader = SSEReader()
                var read = try reader.feed(bytes[..<first])
                read += try reader.feed(bytes[first..<second])
                read += try reader.feed([])
                read += try reader.feed(bytes[second...])
                #expect(read == expected, "split at \(first) and \(second)")
            }
        }
        var reader = SSEReader()
        #expect(try bytes.flatMap { try reader.feed(CollectionOfOne($0)) } == expected)
    }

    @Test(
        "random streams are parsed as by a line-by-line reader, however they are split",
        arguments: 1...8 as ClosedRange<UInt64>)
    func randomStreams(seed: UInt64) throws {
        var generator = FuzzGenerator(seed: seed)
        let pieces = [
            "data", "event", "id", ":", ": ", " ", "x", "long text with many words", "\n", "\n", "\r", "\r\n", "\n\n",
            "\u{0}", "\u{feff}", "é",
        ]
        for _ in 0..<300 {
            let text = (0..<generator.below(60)).map { _ in generator.pick(pieces) }.joined()
            var rest = Array(text.utf8)[...]
            var reader = SSEReader()
            var read: [SSEEvent] = []
            while !rest.isEmpty {
                let count = min(rest.count, 1 + generator.below(20))
                read += try reader.feed(rest.prefix(count))
                rest = rest.dropFirst(count)
            }
            #expect(read == slowEvents(text), "\(text.debugDescription)")
        }
    }

    /// The standard's algorithm, step by step, on a whole text.
    private func slowEvents(_ text: String) -> [SSEEvent] {
        var scalars = text.unicodeScalars.map { $0 }
        if scalars.first == "\u{feff}" { scalars.removeFirst() }
        var lines: [[Unicode.Scalar]] = [[]]
        for (index, scalar) in scalars.enumerated() {
            if scalar == "\n" && index > 0 && scalars[index - 1] == "\r" { continue }
            if scalar == "\n" || scalar == "\r" { lines.append([]) } else { lines[lines.count - 1].append(scalar) }
        }
        var events: [SSEEvent] = []
        var data = ""
        var type = ""
        var id: String?
        for line in lines.dropLast() {
            if line.isEmpty {
                if !data.isEmpty {
                    events.append(
                        event(String(data.unicodeScalars.dropLast()), event: type.isEmpty ? nil : type, id: id))
                }
                data = ""
                type = ""
                continue
            }
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            var value = parts.count > 1 ? parts[1] : []
            if value.first == " " { value.removeFirst() }
            let string = String(String.UnicodeScalarView(value))
            switch String(String.UnicodeScalarView(parts[0])) {
            case "data": data.unicodeScalars += value + ["\n"]
            case "event": type = string
            case "id": if !value.contains("\u{0}") { id = string }
            default: break
            }
        }
        return events
    }

    @Test("finish returns the event without its blank line, for accounting only")
    func finish() throws {
        var reader = SSEReader()
        #expect(try reader.feed(Array("data: a\n\ndata: b\ndata: cut".utf8)) == [event("a")])
        #expect(reader.finish() == event("b"))
        #expect(reader.finish() == nil)
        #expect(try reader.feed(Array("data: c\r\n\r".utf8)) == [event("c")])
        #expect(reader.finish() == nil)
        _ = try reader.feed(Array("event: x\ndata: unfinished".utf8))
        #expect(reader.finish() == nil)
        #expect(try reader.feed(Array("\u{feff}data: again\n\n".utf8)) == [event("again")])
    }

    @Test("an event over the limit is refused at the same byte for every chunk size", arguments: [1, 3, 7, 1_000])
    func limit(chunkSize: Int) throws {
        let fits = Array("data: 90\ndata: 1\n\n".utf8)
        // At most "90" and the line "data: 1" are buffered at once.
        #expect(try read(fits, by: chunkSize, maximum: 9) == [event("90\n1")])
        #expect(throws: SSEError.eventTooLarge(maximumBytes: 8)) { try read(fits, by: chunkSize, maximum: 8) }
        let comment = Array(":\(String(repeating: "x", count: 50))\n".utf8)
        #expect(throws: SSEError.eventTooLarge(maximumBytes: 50)) { try read(comment, by: chunkSize, maximum: 50) }
        #expect(try read(comment, by: chunkSize, maximum: 51) == [])
    }

    private func read(_ bytes: [UInt8], by size: Int, maximum: Int) throws -> [SSEEvent] {
        var reader = SSEReader(maximumEventBytes: maximum)
        return try stride(from: 0, to: bytes.count, by: size).flatMap { start in
            try reader.feed(bytes[start..<min(start + size, bytes.count)])
        }
    }

    @Test("a failed reader keeps failing until finish")
    func staysFailed() throws {
        var reader = SSEReader(maximumEventBytes: 10)
        #expect(throws: SSEError.self) { try reader.feed(Array("data: 0123456789".utf8)) }
        let error = #expect(throws: SSEError.self) { try reader.feed(Array("\n\n".utf8)) }
        #expect("\(try #require(error))".contains("longer than 10 bytes"))
        #expect(reader.finish() == nil)
        #expect(try reader.feed(Array("data: 1\n\n".utf8)) == [event("1")])
    }
}
