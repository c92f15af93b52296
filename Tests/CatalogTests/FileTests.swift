import Catalog
import Domain
import Foundation
import Testing

@Suite("The files of a catalog")
struct FileTests {
    @Test("that are no YAML are named with the line of the syntax error")
    func syntax() throws {
        let problems = try Sheet(Sheet.cloud, replacing: "    tier: large", with: "\ttier: large").problems(
            today: testDay())
        #expect(problems.count == 1)
        #expect(problems.first?.file == "test.yaml")
        #expect(problems.first?.line == 11)
        #expect(problems.first?.description.contains("spaces, never tabs") == true, "\(problems)")
    }

    @Test("may name a field only once in a block")
    func fieldTwice() throws {
        let problems = try Sheet(
            Sheet.cloud, replacing: "      input: 0.15", with: "      input: 0.15\n      input: 0.2"
        )
        .problems(today: testDay())
        #expect(problems.first?.message.contains("`input` stands here and once more") == true, "\(problems)")
        #expect(problems.first?.line == 16)
    }

    @Test("must not use a name again, and both places are told")
    func clash() throws {
        let other = Sheet.cloud.replacing("acme/one", with: "one").replacing("[one]", with: "[acme/one]")
        let sheet = try Sheet(["a.yaml": Sheet.cloud, "b.yaml": other])
        let messages = try sheet.problems(today: testDay()).map(\.description)
        #expect(
            messages == [
                "b.yaml:8: the name 'one' is taken at a.yaml:9: rename or remove one of the two",
                "b.yaml:9: the name 'acme/one' is taken at a.yaml:8: rename or remove one of the two",
            ])
    }

    @Test("clash also where a model cannot be read otherwise")
    func clashOfBroken() throws {
        let broken = Sheet.cloud.replacing("0.15", with: "x")
        let sheet = try Sheet(["a.yaml": broken, "b.yaml": broken])
        #expect(
            try sheet.problems(today: testDay()).contains { $0.message.contains("'acme/one' is taken at a.yaml:8") })
    }

    @Test(
        "that hold no model are refused",
        arguments: [
            ("", "this file is empty", 0), ("# nothing\n", "this file is empty", 0),
            ("provider: acme\n", "`models` is missing", 1), ("provider: acme\nmodels: []\n", "not a list of models", 2),
            ("- 1\n", "this is not a block of fields", 1), ("provider: a\nmodels: [7]\n", "not a block of fields", 2),
        ])
    func nothing(text: String, says: String, line: Int) throws {
        let problems = try Sheet(text).problems(today: testDay())
        #expect(problems.first?.message.contains(says) == true, "\(problems)")
        #expect(problems.first?.line == line)
    }

    @Test("have to be UTF-8, and the line that is not is named")
    func encoding() throws {
        let sheet = try Sheet(Sheet.cloud)
        var bytes = Array(Sheet.cloud.utf8)
        let line = try #require(bytes.firstIndex(of: UInt8(ascii: "\n")))
        bytes.insert(0xFF, at: line + 1)
        try Data(bytes).write(to: URL(fileURLWithPath: sheet.path + "/test.yaml"))
        let problems = try sheet.problems(today: testDay())
        #expect(problems.map(\.line) == [2])
        #expect(problems.first?.suggestion.contains("UTF-8") == true)
    }

    @Test("that cannot be read are named")
    func unreadable() throws {
        let sheet = try Sheet(Sheet.cloud)
        try FileManager.default.createDirectory(atPath: sheet.path + "/b.yaml", withIntermediateDirectories: false)
        let problems = try sheet.problems(today: testDay())
        #expect(problems.map(\.file) == ["b.yaml"])
        #expect(problems.first?.message == "this file cannot be read")
    }

    @Test("are missed where the directory is empty or absent")
    func empty() throws {
        let sheet = try Sheet(["notes.txt": "x", ".hidden.yaml": "x"])
        let problems = try sheet.problems(today: testDay())
        #expect(problems.map(\.file) == [sheet.path])
        #expect(problems.first?.description.contains("`hera catalog import`") == true)
        let absent = try CatalogLint.problems(directory: sheet.path + "/absent", today: testDay())
        #expect(absent.first?.message == "the catalog directory cannot be read")
    }
}
