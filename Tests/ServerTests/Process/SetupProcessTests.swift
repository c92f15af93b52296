import Foundation
import JSON
import ScriptedUpstream
import TestSupport
import Testing

@Suite("Setting up, as processes")
struct SetupProcessTests {
    private static func folder() throws -> URL {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("hera-setup-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return folder
    }

    private static func write(_ text: String, to name: String, in folder: URL, mode: Int = 0o644) throws {
        let path = folder.appendingPathComponent(name).path
        let isWritten = FileManager.default.createFile(
            atPath: path, contents: Data(text.utf8), attributes: [.posixPermissions: mode])
        #expect(isWritten)
    }

    private static func document(_ command: HeraCommand) throws -> JSONValue {
        try JSONDocument(Array(command.output.utf8)).root
    }

    @Test("paths are found from any folder, and an option, the environment and the settings come in that order")
    func paths() throws {
        let folder = try Self.folder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let found = try Self.document(try HeraCommand(["paths", "--format", "json"], in: folder))
        #expect(found["catalog"]?["path"]?.string?.hasSuffix("/Catalog") == true)
        #expect(found["settings"]?["path"]?.isNull == true)
        #expect(found["ledger"]?["path"]?.string == "sqlite:hera.sqlite")
        try Self.write("service: {database: \"sqlite:books.sqlite\", catalog: own}\n", to: "hera.yaml", in: folder)
        let settled = try Self.document(try HeraCommand(["paths", "--format", "json"], in: folder))
        #expect(settled["ledger"]?["path"]?.string?.hasSuffix("/books.sqlite") == true)
        #expect(settled["own_catalog"]?["path"]?.string?.hasSuffix("/own") == true)
        let environment = ["HERA_DATABASE": "postgres://me:secret@host/d"]
        let other = try HeraCommand(["paths", "--format", "json"], in: folder, environment: environment)
        #expect(try Self.document(other)["ledger"]?["path"]?.string == "postgres://me:***@host/d")
        let option = try HeraCommand(
            ["paths", "--format", "json", "--database", "sqlite:x"], in: folder, environment: environment)
        #expect(try Self.document(option)["ledger"]?["chosen_by"]?.string == "--database")
    }

    @Test(
        "what is missing or wrong has its own exit code",
        arguments: [
            (["config", "check", "--config", "none.yaml"], 66), (["config", "check", "--config", "bad.yaml"], 65),
            (["catalog", "list", "--catalog", "none"], 66), (["catalog", "lint", "none"], 66),
            (["ledger", "backup", "x", "--database", "sqlite:none.sqlite"], 66),
            (["catalog", "update", "--from", "litellm", "none.json"], 66),
            (["health", "--url", "http://127.0.0.1:9"], 69),
            (["init", "--yes", "--offline", "--out", "bad.yaml"], 73), (["init", "--yes", "--keys", "opneai"], 64),
            (["serve", "--config", "open.yaml"], 65), (["ledger", "verify", "--config", "bad.yaml"], 65),
        ] as [([String], Int32)])
    func codes(arguments: [String], code: Int32) throws {
        let folder = try Self.folder()
        defer { try? FileManager.default.removeItem(at: folder) }
        try Self.write("polices: {}\n", to: "bad.yaml", in: folder)
        try Self.write("A=b\n", to: "open.env", in: folder, mode: 0o644)
        try Self.write("service: {keys_file: open.env}\n", to: "open.yaml", in: folder)
        let end = try HeraCommand(arguments, in: folder)
        #expect(end.code == code, "\(end.errors)")
        #expect(!end.errors.isEmpty)
    }

    @Test("a written settings file passes the check, and a doctor looks without changing anything")
    func initial() throws {
        let folder = try Self.folder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let made = try HeraCommand(
            ["init", "--yes", "--offline", "--goal", "cheap", "--server", "http://10.0.0.5:8000"], in: folder)
        #expect(made.code == 0 && made.output.contains("next: hera serve"), "\(made.errors)")
        let check = try HeraCommand(["config", "check", "--format", "json"], in: folder)
        #expect(check.code == 0, "\(check.errors)")
        #expect(try Self.document(check)["policies"]?.elements.compactMap(\.string) == ["careful", "private"])
        let doctor = try HeraCommand(["doctor", "--offline", "--format", "json"], in: folder)
        #expect(doctor.code == 0, "\(doctor.output)")
        let areas = Set(try #require(try Self.document(doctor)["checks"]?.elements.compactMap { $0["area"]?.string }))
        #expect(areas.isSuperset(of: ["settings", "catalog", "prices", "profiles", "keys", "clock", "ledger", "port"]))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["hera.yaml"])
    }

    @Test("a doctor says that a provider refuses a key, and never shows it")
    func refusedKey() async throws {
        try await ScriptedUpstream.with { _ in
            .status(401)
        } _: { models async throws in
            let folder = try HeraProcess.folder(modelsAt: models.baseURL)
            defer { try? FileManager.default.removeItem(at: folder) }
            let yaml = try String(contentsOf: folder.appendingPathComponent("Catalog/test.yaml"), encoding: .utf8)
            try Self.write(
                yaml.replacing("placement: cloud", with: "placement: cloud\n    key_variable: TEST_KEY"),
                to: "Catalog/test.yaml", in: folder)
            let environment = ["TEST_KEY": "very-secret-0123456789"]
            let doctor = try HeraCommand(["doctor"], in: folder, environment: environment)
            #expect(doctor.code == 69 && doctor.output.contains("TEST_KEY is refused"), "\(doctor.output)")
            #expect(!(doctor.output + doctor.errors).contains("very-secret"))
        }
    }

    @Test("a change of policies and prices is used without a restart, and a wrong one leaves the old in place")
    func reload() async throws {
        try await ScriptedUpstream.with { request in
            request.method == "GET" ? .models(["test/small"]) : .completion("4")
        } _: { models async throws in
            let folder = try HeraProcess.folder(modelsAt: models.baseURL)
            defer { try? FileManager.default.removeItem(at: folder) }
            let hera = try await HeraProcess.start(in: folder)
            defer { hera.kill() }
            func names() async throws -> [String] {
                let list = try await hera.request("GET", "/v1/models?all=true")["data"]
                return list?.elements.compactMap { $0["id"]?.string } ?? []
            }
            #expect(try await !names().contains("hera/thrifty"))
            try Self.write("policies: {thrifty: {max_loss: 0.1}}\n", to: "hera.yaml", in: folder)
            hera.hangUp()
            try await waitUntil("a new policy") { try await names().contains("hera/thrifty") }

            // A wrong file is refused; the catalog that changed with it waits, too.
            let catalog = try String(contentsOf: folder.appendingPathComponent("Catalog/test.yaml"), encoding: .utf8)
            try Self.write("polices: {}\n", to: "hera.yaml", in: folder)
            try Self.write(catalog.replacing("test/small", with: "test/tiny"), to: "Catalog/test.yaml", in: folder)
            hera.hangUp()
            let body = #"{"model":"hera/thrifty","messages":[{"role":"user","content":"2+2?"}]}"#
            #expect(try await hera.answer("POST", "/v1/chat/completions", body: body).status == 200)
            #expect(try await names().contains("test/small"))

            // Without a signal: the files are looked at.
            try Self.write(catalog, to: "Catalog/test.yaml", in: folder)
            try Self.write("policies: {generous: {max_loss: 0}}\n", to: "hera.yaml", in: folder)
            try await waitUntil("the next policy") { try await names().contains("hera/generous") }
            #expect(try await !names().contains("hera/thrifty"))
            try hera.end()
        }
    }

    @Test("a manual has a page for every command")
    func manual() throws {
        let folder = try Self.folder()
        defer { try? FileManager.default.removeItem(at: folder) }
        #expect(try HeraCommand(["manual", "man"], in: folder).code == 0)
        let pages = try FileManager.default.contentsOfDirectory(atPath: folder.appendingPathComponent("man").path)
        #expect(Set(pages).isSuperset(of: ["hera.1", "hera-serve.1", "hera-ledger-backup.1", "hera-catalog-update.1"]))
        let page = try String(contentsOf: folder.appendingPathComponent("man/hera-serve.1"), encoding: .utf8)
        #expect(page.contains(".SH OPTIONS") && page.contains("\\-\\-port"))
    }
}
