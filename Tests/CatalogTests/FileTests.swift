import Catalog
import Domain
import Foundation
import Testing

@Suite("The files of a catalog")
struct FileTests {
    @Test("with invalid YAML are named with the line of the syntax error")
    func syntax() throws {
        let problems = try CatalogFixture(CatalogFixture.cloud, replacing: "    tier: large", with: "\ttier: large")
            .problems(
                today: testDay())
        #expect(problems.count == 1)
        #expect(problems.first?.file == "test.yaml")
        #expect(problems.first?.line == 11)
        #expect(problems.first?.description.contains("spaces, never tabs") == true, "\(problems)")
    }

    @Test("may name a field once per block only")
    func fieldTwice() throws {
        let problems = try CatalogFixture(
            CatalogFixture.cloud, replacing: "      input: 0.15", with: "      input: 0.15\n      input: 0.2"
        )
        .problems(today: testDay())
        #expect(problems.first?.message.contains("`input` stands here and once more") == true, "\(problems)")
        #expect(problems.first?.line == 16)
    }

    @Test("must not reuse a name, and both places are named")
    func clash() throws {
        let other = CatalogFixture.cloud.replacing("acme/one", with: "one").replacing("[one]", with: "[acme/one]")
        let fixture = try CatalogFixture(["a.yaml": CatalogFixture.cloud, "b.yaml": other])
        let messages = try fixture.problems(today: testDay()).map(\.description)
        #expect(
            messages == [
                "b.yaml:8: the name 'one' is taken at a.yaml:9: rename or remove one of the two",
                "b.yaml:9: the name 'acme/one' is taken at a.yaml:8: rename or remove one of the two",
            ])
    }

    @Test("are checked for clashes even if a model is invalid")
    func clashOfBroken() throws {
        let broken = CatalogFixture.cloud.replacing("0.15", with: "x")
        let fixture = try CatalogFixture(["a.yaml": broken, "b.yaml": broken])
        #expect(
            try fixture.problems(today: testDay()).contains { $0.message.contains("'acme/one' is taken at a.yaml:8") })
    }

    @Test(
        "without a model are refused",
        arguments: [
            ("", "this file is empty", 0), ("# nothing\n", "this file is empty", 0),
            ("provider: acme\n", "`models` is missing", 1), ("provider: acme\nmodels: []\n", "not a list of models", 2),
            ("- 1\n", "this is not a block of fields", 1), ("provider: a\nmodels: [7]\n", "not a block of fields", 2),
        ])
    func nothing(text: String, says: String, line: Int) throws {
        let problems = try CatalogFixture(text).problems(today: testDay())
        #expect(problems.first?.message.contains(says) == true, "\(problems)")
        #expect(problems.first?.line == line)
    }

    @Test("have to be UTF-8, and the invalid line is named")
    func encoding() throws {
        let fixture = try CatalogFixture(CatalogFixture.cloud)
        var bytes = Array(CatalogFixture.cloud.utf8)
        let line = try #require(bytes.firstIndex(of: UInt8(ascii: "\n")))
        bytes.insert(0xFF, at: line + 1)
        try Data(bytes).write(to: URL(fileURLWithPath: fixture.path + "/test.yaml"))
        let problems = try fixture.problems(today: testDay())
        #expect(problems.map(\.line) == [2])
        #expect(problems.first?.suggestion.contains("UTF-8") == true)
    }

    @Test("that cannot be read are named")
    func unreadable() throws {
        let fixture = try CatalogFixture(CatalogFixture.cloud)
        try FileManager.default.createDirectory(atPath: fixture.path + "/b.yaml", withIntermediateDirectories: false)
        let problems = try fixture.problems(today: testDay())
        #expect(problems.map(\.file) == ["b.yaml"])
        #expect(problems.first?.message == "this file cannot be read")
    }

    @Test("are missed if the directory is empty or absent")
    func empty() throws {
        let fixture = try CatalogFixture(["notes.txt": "x", ".hidden.yaml": "x"])
        let problems = try fixture.problems(today: testDay())
        #expect(problems.map(\.file) == [fixture.path])
        #expect(problems.first?.description.contains("`hera catalog import`") == true)
        let absent = try CatalogLint.problems(directory: fixture.path + "/absent", today: testDay())
        #expect(absent.first?.message == "the catalog directory cannot be read")
    }
}
