import Foundation
import JSON
import Testing

@Suite("The command that makes keys")
struct KeysProcessTests {
    @Test("programs read a new key with its id, and who made and revoked it")
    func json() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "hera-keys-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let database = ["--database", "sqlite:\(folder.path)/hera.sqlite"]
        let made = try HeraProcess.command(["keys", "create", "--team", "red", "--format", "json"] + database)
        let key = try JSONDocument(Array(made.utf8)).root
        let id = try #require(key["id"]?.string)
        #expect(key["key"]?.string?.isEmpty == false)
        _ = try HeraProcess.command(["keys", "revoke", id] + database)
        let text = try HeraProcess.command(["keys", "changes", "--format", "json"] + database)
        let changes = try JSONDocument(Array(text.utf8)).root.elements.map { $0 }
        #expect(changes.map { $0["action"]?.string } == ["key.revoked", "key.created"])
        #expect(changes.allSatisfy { $0["target"]?.string == id && $0["actor"]?.string?.isEmpty == false })
        #expect(!text.contains(try #require(key["key"]?.string)))
    }
}
