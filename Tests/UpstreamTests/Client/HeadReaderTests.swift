import Testing

@testable import Upstream

@Suite("HeadReader")
struct HeadReaderTests {
    private static func read(_ lines: [String]) -> (status: Int, headers: UpstreamHeaders)? {
        var reader = HeadReader()
        for line in lines {
            var bytes = Array(line.utf8)
            if let head = bytes.withUnsafeMutableBytes({ reader.read(line: UnsafeRawBufferPointer($0)) }) {
                return head
            }
        }
        return nil
    }

    @Test(
        "status and fields are read, whitespace round values is dropped", arguments: ["HTTP/1.1 200 OK", "HTTP/2 200 "])
    func fields(statusLine: String) throws {
        let head = try #require(Self.read(["\(statusLine)\r\n", "A: 1\r\n", "b:\t2 \r\n", "Empty:\r\n", "\r\n"]))
        #expect(head.status == 200)
        #expect(head.headers["a"] == "1")
        #expect(head.headers["B"] == "2")
        #expect(head.headers["empty"] == "")
    }

    @Test("an interim head leaves no fields")
    func interim() throws {
        let head = try #require(
            Self.read(["HTTP/1.1 100 Continue\r\n", "x: 1\r\n", "\r\n", "HTTP/1.1 404 Not Found\r\n", "\r\n"]))
        #expect(head.status == 404)
        #expect(head.headers.fields.isEmpty)
    }

    @Test("a head without its empty line is not complete")
    func incomplete() {
        #expect(Self.read(["HTTP/1.1 200 OK\r\n", "a: 1\r\n"]) == nil)
    }
}
