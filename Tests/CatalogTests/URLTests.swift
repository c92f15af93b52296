import Catalog
import Testing

@Suite("A model's address")
struct URLTests {
    @Test(
        "is refused if no call could be made to it",
        arguments: [
            ("api.acme.example/v1", "does not begin with http:// or https://"),
            ("ftp://acme.example", "does not begin with http:// or https://"),
            ("https://", "has no proper host and port"),
            ("https:///v1", "has no proper host and port"),
            ("https://acme.example:99999/v1", "has no proper host and port"),
            ("https://acme.example:port/v1", "has no proper host and port"),
            ("https://:8080/v1", "has no proper host and port"),
            ("https://acme.example/v1?key=1", "has a query, a space or another character"),
            ("https://acme example/v1", "has a query, a space or another character"),
            ("https://acme.example/v1/", "write `base_url: https://acme.example/v1`"),
        ])
    func refused(url: String, says: String) throws {
        let problems = try CatalogFixture(CatalogFixture.cloud, replacing: "https://api.acme.example/v1", with: url)
            .problems(today: testDay())
        #expect(problems.count == 1)
        #expect(problems.first?.line == 3)
        #expect(problems.first?.description.contains(says) == true, "\(problems)")
    }

    @Test(
        "is accepted with ports, addresses and paths",
        arguments: [
            "https://api.acme.example", "http://127.0.0.1:8080/v1", "http://[::1]:8080/v1", "http://localhost:11434/v1",
            "https://gateway.acme.example:8443/a/b_c/v1-beta",
        ])
    func accepted(url: String) throws {
        let fixture = try CatalogFixture(CatalogFixture.cloud, replacing: "https://api.acme.example/v1", with: url)
        #expect(try fixture.problems(today: testDay()) == [])
    }

    @Test("never shows a password in a message")
    func password() throws {
        let problems = try CatalogFixture(
            CatalogFixture.cloud, replacing: "https://api", with: "https://me:hunter2@api"
        )
        .problems(today: testDay())
        #expect(problems.first?.message == "`base_url` has a user or password in it")
        #expect(!"\(problems)".contains("hunter2"))
    }

    @Test(
        "never shows a key that was written in place of its variable's name",
        arguments: ["sk-proj-abc", "SK_lower", "9"])
    func key(text: String) throws {
        let problems = try CatalogFixture(CatalogFixture.cloud, replacing: "ACME_API_KEY", with: text).problems(
            today: testDay())
        #expect(problems.first?.line == 5)
        #expect(problems.first?.message == "`key_variable` is not the name of an environment variable")
        #expect(problems.first?.description.contains(text + "'") == false)
    }

    @Test("warns about a key sent unencrypted")
    func unencrypted() throws {
        let problems = try CatalogFixture(CatalogFixture.cloud, replacing: "https:", with: "http:").problems(
            today: testDay())
        #expect(problems.map(\.severity) == [.warning])
        #expect(problems.first?.message.contains("unencrypted") == true)
    }
}
