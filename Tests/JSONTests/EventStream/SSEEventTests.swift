import JSON
import Testing

@Suite("Server-sent event writing")
struct SSEEventTests {
    @Test("an event is encoded in the form that clients expect")
    func form() {
        let data = Array(#"{"a":1}"#.utf8)
        #expect(SSEEvent.encode(data: data) == Array("data: {\"a\":1}\n\n".utf8))
        #expect(
            SSEEvent.encode(event: "delta", data: data, id: "3")
                == Array("event: delta\nid: 3\ndata: {\"a\":1}\n\n".utf8))
    }

    @Test(
        "an encoded event is read back, with line breaks in the data as line feeds",
        arguments: [
            ("", ""), ("a", "a"), (" a ", " a "), ("a\nb", "a\nb"), ("a\n", "a\n"), ("\n\n", "\n\n"),
            ("a\rb\r\nc", "a\nb\nc"),
            ("a\r", "a\n"), ("data: x", "data: x"), ("é😀", "é😀"),
        ])
    func roundTrip(data: String, read: String) throws {
        var reader = SSEReader()
        let events = try reader.feed(SSEEvent.encode(event: "e", data: Array(data.utf8), id: "9"))
        #expect(events == [SSEEvent(event: "e", data: Array(read.utf8), id: "9")])
        // A collection that is not contiguous takes another code path.
        #expect(SSEEvent.encode(data: data.utf8.lazy.map { $0 }) == SSEEvent.encode(data: Array(data.utf8)))
    }

    @Test("a type or ID cannot inject further lines")
    func injection() throws {
        var reader = SSEReader()
        let events = try reader.feed(SSEEvent.encode(event: "a\ndata: evil", data: [0x31], id: "1\r\n\r\n\u{0}2"))
        #expect(events == [SSEEvent(event: "adata: evil", data: [0x31], id: "12")])
    }
}
