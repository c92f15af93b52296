import Batches
import Testing

@Suite("Batch reader")
struct BatchReaderTests {
    private static func line(
        _ id: String, body: String = #"{"model":"hera","messages":[{"role":"user","content":"a"}]}"#
    )
        -> String
    {
        #"{"custom_id":"\#(id)","method":"POST","url":"/v1/chat/completions","body":\#(body)}"#
    }

    private func read(_ text: String, pieces: Int = 1, mostLineBytes: Int = 4096) -> (BatchReader, [BatchRequest]) {
        var reader = BatchReader(mostLineBytes: mostLineBytes)
        let bytes = Array(text.utf8)
        var requests: [BatchRequest] = []
        let size = max(1, bytes.count / pieces)
        for start in stride(from: 0, to: bytes.count, by: size) {
            requests += reader.feed(bytes[start..<min(start + size, bytes.count)])
        }
        if let last = reader.finish() { requests.append(last) }
        return (reader, requests)
    }

    @Test(
        "lines parse alike for every chunking, with or without a final newline",
        arguments: [1, 7, 50])
    func pieces(count: Int) {
        let text = Self.line("a") + "\n\n" + Self.line("b") + "\r\n" + Self.line("c")
        let (reader, requests) = read(text, pieces: count)
        #expect(requests.map(\.customID) == ["a", "b", "c"])
        #expect(requests.map(\.line) == [1, 3, 4])
        #expect(reader.faults.isEmpty)
        #expect(String(decoding: requests[0].body, as: UTF8.self).hasPrefix(#"{"model":"hera""#))
    }

    @Test(
        "a malformed line yields a fault with number and reason, and other lines proceed",
        arguments: [
            ("{not json", "invalid_json", "JSON"),
            ("[1]", "invalid_line", "object"),
            (#"{"method":"POST","url":"/v1/chat/completions","body":{}}"#, "invalid_line", "custom_id"),
            (#"{"custom_id":7,"method":"POST","url":"/v1/chat/completions","body":{}}"#, "invalid_line", "custom_id"),
            (#"{"custom_id":"x","method":"GET","url":"/v1/chat/completions","body":{}}"#, "invalid_line", "method"),
            (#"{"custom_id":"x","method":"POST","url":"/v1/embeddings","body":{}}"#, "invalid_line", "url"),
            (line("x", body: "{}"), "invalid_line", "body.model"),
            (line("x", body: #"{"model":"hera","messages":[]}"#), "invalid_line", "body.messages"),
            (
                line("x", body: #"{"model":"hera","stream":true,"messages":[{"role":"user","content":"a"}]}"#),
                "invalid_line", "body.stream"
            ),
            (line("a"), "duplicate_custom_id", "line 1"),
            (line(""), "invalid_line", "1 to 256 bytes"),
            (line(String(repeating: "x", count: 257)), "invalid_line", "1 to 256 bytes"),
            (line("x", body: #"{"model":"\#(String(repeating: "y", count: 5000))"}"#), "line_too_large", "4096 bytes"),
        ])
    func wrong(text: String, code: String, word: String) throws {
        let (reader, requests) = read(Self.line("a") + "\n" + text + "\n" + Self.line("z") + "\n")
        #expect(requests.map(\.customID) == ["a", "z"])
        #expect(reader.faults.count == 1)
        let fault = try #require(reader.faults.first)
        #expect(fault.line == 2)
        #expect(fault.code == code)
        #expect(fault.message.contains(word), "\(fault.message)")
    }

    @Test("a byte order mark before the first line is no part of it", arguments: [1, 40])
    func byteOrderMark(pieces: Int) {
        let (reader, requests) = read("\u{feff}" + Self.line("a") + "\n" + Self.line("b"), pieces: pieces)
        #expect(requests.map(\.customID) == ["a", "b"] && reader.faults.isEmpty)
        let (other, none) = read(Self.line("a") + "\n\u{feff}" + Self.line("b"))
        #expect(none.map(\.customID) == ["a"] && other.faults.map(\.line) == [2])
    }

    @Test("a malformed line does not claim its custom id for later lines")
    func wrongThenRight() {
        let (reader, requests) = read(Self.line("a", body: "{}") + "\n" + Self.line("a"))
        #expect(requests.map(\.line) == [2])
        #expect(reader.faults.map(\.line) == [1])
        #expect(reader.faults.first?.customID == "a")
    }
}
