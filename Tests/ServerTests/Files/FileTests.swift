import Calls
import Domain
import Foundation
import JSON
import Ledger
import ScriptedUpstream
import Steps
import Testing

@Suite("Files over HTTP")
struct FileTests {
    private static func with(
        _ limits: ServiceLimits = ServiceLimits(), key: String? = nil,
        _ body: @escaping @Sendable (TestService, BatchClient) async throws -> Void
    ) async throws {
        try await TestService.with(settings: Settings(limits: limits), key: key) { _ in
            .completion("?", usage: ScriptedUsage(promptTokens: 1, completionTokens: 1))
        } _: { service async throws in
            try await body(service, BatchClient(port: service.port, key: key))
        }
    }

    @Test("a file is returned byte for byte, and is gone after its deletion")
    func whole() async throws {
        try await Self.with { service, client async throws in
            // Several chunks, both line endings, and a false boundary.
            let text = String(repeating: "{\"a\": 1}\r\n--\r\n--x\n", count: 40_000) + "\r\n------a-boundary-of-test"
            let answer = try await client.upload(text, name: "my \\\"rows\\\".jsonl", fileFirst: true)
            #expect(answer.status == 200, "\(answer.text)")
            let file = try answer.root
            let id = try #require(file["id"]?.string)
            #expect(file["object"]?.string == "file" && file["purpose"]?.string == "batch")
            #expect(file["bytes"]?.integer == Int64(text.utf8.count))
            #expect(file["filename"]?.string == #"my "rows".jsonl"#)
            let made = try #require(file["created_at"]?.integer)
            #expect(file["expires_at"]?.integer == made + 30 * 86_400)
            #expect(try await client.send("GET", "/v1/files/\(id)/content").text == text)
            #expect(try await client.send("GET", "/v1/files/\(id)").text == answer.text)
            let gone = try await client.send("DELETE", "/v1/files/\(id)")
            #expect(try gone.root["deleted"]?.boolean == true)
            for (method, path) in [("GET", ""), ("GET", "/content"), ("DELETE", "")] {
                #expect(try await client.send(method, "/v1/files/\(id)\(path)").status == 404)
            }
            #expect(try await service.stepService.ledger.read { try $0.chunk(1, ofFile: id) } == nil)
        }
    }

    @Test("lists are paged, newest first or oldest first")
    func pages() async throws {
        try await Self.with { _, client async throws in
            var ids: [String] = []
            for number in 1...5 {
                ids.append(try await client.file("\(number)\n"))
                try await Task.sleep(for: .milliseconds(3))
            }
            let page = try await client.send("GET", "/v1/files?limit=2").root
            #expect(page["data"]?.elements.map { $0["id"]?.string } == [ids[4], ids[3]])
            #expect(page["has_more"]?.boolean == true && page["last_id"]?.string == ids[3])
            let rest = try await client.send("GET", "/v1/files?limit=3&after=\(ids[3])").root
            #expect(rest["data"]?.elements.map { $0["id"]?.string } == [ids[2], ids[1], ids[0]])
            #expect(rest["has_more"]?.boolean == false)
            let rising = try await client.send("GET", "/v1/files?order=asc&limit=1").root
            #expect(rising["first_id"]?.string == ids[0])
            #expect(try await client.send("GET", "/v1/files?purpose=batch_output").root["data"]?.count == 0)
            for wrong in ["limit=0", "limit=x", "order=up"] {
                #expect(try await client.send("GET", "/v1/files?\(wrong)").status == 400)
            }
        }
    }

    @Test("an invalid upload is rejected with its reason and leaves no data")
    func wrong() async throws {
        try await Self.with { service, client async throws in
            func refused(_ answer: BatchClient.Answer, _ status: Int, _ message: String) {
                #expect(answer.status == status && answer.message.contains(message), "\(answer.text)")
            }
            refused(try await client.upload("x", fields: [("purpose", "fine-tune")]), 400, "must be \"batch\"")
            refused(try await client.upload("x", fields: [("purpose", "vision")], fileFirst: true), 400, "purpose")
            refused(try await client.upload("x", fields: []), 400, "purpose: is missing")
            refused(try await client.upload("x", name: nil), 400, "file: is missing")
            refused(try await client.send("POST", "/v1/files", body: Array("{}".utf8)), 400, "multipart/form-data")
            let cut = Array("--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nabc".utf8)
            refused(
                try await client.send("POST", "/v1/files", body: cut, type: "multipart/form-data; boundary=b"), 400,
                "ended before its last boundary")
            let short = [
                ("purpose", "batch"), ("expires_after[anchor]", "created_at"), ("expires_after[seconds]", "5"),
            ]
            refused(try await client.upload("x", fields: short), 400, "expires_after.seconds")
            #expect(try await client.send("GET", "/v1/files").root["data"]?.count == 0)
            #expect(
                try await service.stepService.ledger.read { try $0.fileTotals(ofKey: nil) }
                    == FileTotals(files: 0, bytes: 0)
            )
            // An upload may request an earlier expiry.
            let day = [
                ("purpose", "batch"), ("expires_after[anchor]", "created_at"), ("expires_after[seconds]", "7200"),
            ]
            let file = try await client.upload("x", fields: day).root
            let made = try #require(file["created_at"]?.integer)
            #expect(file["expires_at"]?.integer == made + 7200)
        }
    }

    @Test("a file over the limit, one file too many, one byte too many: refused with what to do")
    func limits() async throws {
        try await Self.with(ServiceLimits(fileBytes: 1000, files: 3, filesBytes: 1500)) {
            service, client async throws in
            let large = try await client.upload(String(repeating: "x", count: 1001))
            #expect(large.status == 413)
            #expect(large.message.contains("larger than 1000 bytes: split it, or raise limits.file_bytes"))
            // The same before the first byte is read.
            let huge = try await client.upload(String(repeating: "x", count: 200_000))
            #expect(huge.status == 413)
            #expect(try await service.stepService.ledger.read { try $0.fileTotals(ofKey: nil) }.files == 0)
            _ = try await client.file(String(repeating: "x", count: 1000))
            let id = try await client.file(String(repeating: "x", count: 900))
            let bytes = try await client.upload("x")
            #expect(bytes.status == 400 && bytes.message.contains("limits.files_bytes"), "\(bytes.text)")
            _ = try await client.send("DELETE", "/v1/files/\(id)")
            _ = try await client.file("x")
            _ = try await client.file("y")
            let many = try await client.upload("z")
            #expect(many.status == 400 && many.message.contains("no more than 3 are kept"), "\(many.text)")
        }
    }

    @Test("a file belongs to its key, and the operator sees all")
    func ownership() async throws {
        try await Self.with(key: "operator") { service, master async throws in
            let ledger = service.stepService.ledger
            var clients: [BatchClient] = []
            for _ in 0..<2 {
                let text = try await ledger.createKey(AccessKey(createdAt: .now()), budgets: [])
                clients.append(BatchClient(port: service.port, key: text))
            }
            let id = try await clients[0].file("secret")
            for (method, path) in [("GET", ""), ("GET", "/content"), ("DELETE", "")] {
                let answer = try await clients[1].send(method, "/v1/files/\(id)\(path)")
                #expect(answer.status == 404 && answer.message.contains("there is no file"))
            }
            #expect(try await clients[1].send("GET", "/v1/files").root["data"]?.count == 0)
            #expect(try await clients[1].create(id).status == 404)
            #expect(try await clients[0].send("GET", "/v1/files").root["data"]?.count == 1)
            #expect(try await master.send("GET", "/v1/files/\(id)/content").text == "secret")
            #expect(try await BatchClient(port: service.port).send("GET", "/v1/files").status == 401)
        }
    }

    @Test("an expired file is not found")
    func expired() async throws {
        try await Self.with { service, client async throws in
            let id = try await client.file("old")
            try await service.stepService.ledger.write {
                try $0.completeFile(id, expiresAt: Timestamp.now().advanced(bySeconds: -1))
            }
            #expect(try await client.send("GET", "/v1/files/\(id)").status == 404)
            #expect(try await client.create(id).status == 404)
        }
    }
}
