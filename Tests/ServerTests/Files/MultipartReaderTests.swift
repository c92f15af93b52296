import Testing

@testable import Server

@Suite("MultipartReader")
struct MultipartReaderTests {
    private struct Part: Hashable {
        var name: String
        var fileName: String?
        var content: [UInt8]
    }

    /// Parses a body in chunks of a given size.
    private func read(_ body: [UInt8], size: Int, boundary: String = "xyz") throws -> [Part] {
        var reader = try MultipartReader(contentType: "multipart/form-data; boundary=\(boundary)")
        var parts: [Part] = []
        var rest = body[...]
        while !rest.isEmpty {
            for event in try reader.feed(rest.prefix(size)) {
                switch event {
                case .part(let name, let fileName): parts.append(Part(name: name, fileName: fileName, content: []))
                case .content(let bytes): parts[parts.count - 1].content += bytes
                case .partEnd, .end: break
                }
            }
            rest = rest.dropFirst(size)
        }
        try reader.finish()
        return parts
    }

    private func body(_ parts: [Part], boundary: String = "xyz") -> [UInt8] {
        var body: [UInt8] = []
        for part in parts {
            let file = part.fileName.map { "; filename=\"\($0)\"" } ?? ""
            body += Array("--\(boundary)\r\ncontent-disposition: form-data; name=\"\(part.name)\"\(file)\r\n".utf8)
            body += Array("Content-Type: text/plain\r\n\r\n".utf8) + part.content + Array("\r\n".utf8)
        }
        return body + Array("--\(boundary)--\r\nwhatever follows".utf8)
    }

    @Test("parts are the same however they come in pieces, also where they are empty or look like boundaries")
    func pieces() throws {
        var generator = SystemRandomNumberGenerator()
        let pool = Array("\r\n--xyz-\r\n--xy".utf8)
        for round in 0..<60 {
            let parts = (0..<Int.random(in: 1...4, using: &generator)).map { index in
                var content = (0..<Int.random(in: 0...60, using: &generator)).map { _ in
                    pool[Int.random(in: 0..<pool.count, using: &generator)]
                }
                // A part cannot contain the boundary itself.
                while String(decoding: content, as: UTF8.self).contains("\r\n--xyz") { content.removeLast() }
                return Part(name: "p\(index)", fileName: index == 1 ? "a;b.jsonl" : nil, content: content)
            }
            for size in [1, 2, 3, 7, 1000] { #expect(try read(body(parts), size: size) == parts, "round \(round)") }
        }
    }

    @Test("a preamble is skipped, and quoted boundaries and bare parameters are parsed")
    func preamble() throws {
        let part = Part(name: "a", fileName: nil, content: Array("1".utf8))
        #expect(try read(Array("a preamble\r\n".utf8) + body([part]), size: 5) == [part])
        var reader = try MultipartReader(contentType: "Multipart/Form-Data; charset=utf-8; boundary=\"a b\"")
        let events = try reader.feed(
            Array("--a b  \r\nContent-Disposition: form-data; name=n\r\n\r\nx\r\n--a b--".utf8))
        #expect(events == [.part(name: "n", fileName: nil), .content([0x78]), .partEnd, .end])
    }

    @Test("invalid and truncated forms are errors")
    func wrong() throws {
        for type in ["application/json", "multipart/form-data", "multipart/form-data; boundary="] {
            #expect(throws: MultipartReader.Problem.noBoundary) { try MultipartReader(contentType: type) }
        }
        let part = Part(name: "a", fileName: nil, content: Array("1".utf8))
        let whole = body([part])
        #expect(throws: MultipartReader.Problem.cutOff) { try read(Array(whole.prefix(60)), size: 9) }
        #expect(throws: MultipartReader.Problem.self) { try read(Array("--xyzoops\r\n".utf8), size: 100) }
        #expect(throws: MultipartReader.Problem.self) { try read(Array("--xyz\r\nA: b\r\n\r\n".utf8), size: 100) }
        let long = Array("--xyz\r\nA: ".utf8) + [UInt8](repeating: 0x61, count: 20_000)
        #expect(throws: MultipartReader.Problem.headTooLong) { try read(long, size: 1000) }
    }
}
