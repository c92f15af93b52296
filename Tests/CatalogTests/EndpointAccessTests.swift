import Domain
import Testing

@testable import Catalog

@Suite("How endpoints of the catalog are entered")
struct EndpointAccessTests {
    private static let today = CalendarDay(daysSinceEpoch: 20_787)

    private static func access(_ lines: String) throws -> EndpointAccess {
        let fixture = try CatalogFixture(CatalogFixture.cloud, replacing: "key_variable: ACME_API_KEY", with: lines)
        let model = try #require(try fixture.load(today: today).models.first)
        return model.endpoint.access
    }

    @Test("a key comes from a variable, a file or a command, in the header field that is named")
    func sources() throws {
        #expect(try Self.access("key_variable: ACME_API_KEY") == EndpointAccess(keyVariable: "ACME_API_KEY"))
        #expect(try Self.access("key_file: /run/secrets/key").key == .file("/run/secrets/key"))
        let command = try Self.access("key_command: [gcloud, auth, print-access-token]\nkey_header: api-key")
        #expect(command.key == .command(["gcloud", "auth", "print-access-token"]) && command.keyHeader == "api-key")
        #expect(try Self.access("").isOpen)
    }

    @Test("header fields and a signature are read")
    func headersAndSignature() throws {
        let access = try Self.access(
            "headers: {x-project: \"p-${PROJECT}\"}\naws_sigv4: {region: eu-west-1, service: bedrock}")
        #expect(access.headers.first?.value.parts == [.text("p-"), .variable("PROJECT")])
        #expect(access.signing == RequestSigning(region: "eu-west-1", service: "bedrock"))
    }

    @Test("a model's own key replaces the one of its file, whatever its form")
    func inheritance() throws {
        let fixture = try CatalogFixture(
            CatalogFixture.cloud, replacing: "    upstream_name: one-2026",
            with: "    upstream_name: one-2026\n    key_file: /run/secrets/key")
        let model = try #require(try fixture.load(today: Self.today).models.first)
        #expect(model.endpoint.access.key == .file("/run/secrets/key"))
    }

    @Test(
        "what is wrong is an error with its line, and no value is repeated",
        arguments: [
            ("key_file: secrets/key", "`key_file` is no whole path"),
            ("key_command: []", "`key_command` is no command"), ("key_command: gcloud", "not a list"),
            ("key_variable: A\nkey_file: /b", "more than one source"),
            ("headers: {host: s3cret}", "`headers.host` is a header field that is not yours"),
            ("headers: {x-a: \"${s3cret\"}", "has `${` without `}`"),
            ("headers: {x-a: \"${file:s3cret}\"}", "whole path"),
            ("aws_sigv4: {region: eu-west-1}", "`aws_sigv4.service` is missing"),
            ("aws_sigv4: {region: \"a:b\", service: x}", "no name of a region"),
            ("key_variable: A\naws_sigv4: {region: a, service: b}", "needs two keys"),
        ])
    func faults(lines: String, says: String) throws {
        let fixture = try CatalogFixture(CatalogFixture.cloud, replacing: "key_variable: ACME_API_KEY", with: lines)
        let problems = fixture.problems(today: Self.today)
        #expect(problems.contains { $0.description.contains(says) && $0.line > 0 }, "\(problems)")
        #expect(!problems.contains { $0.description.contains("s3cret") })
    }
}

@Suite("The endpoints of a model in the catalog")
struct EndpointListTests {
    private static let today = CalendarDay(daysSinceEpoch: 20_787)

    private static func fixture(_ endpoints: String) throws -> CatalogFixture {
        try CatalogFixture(
            CatalogFixture.cloud, replacing: "    upstream_name: one-2026",
            with: "    upstream_name: one-2026\n    endpoints:\n\(endpoints)")
    }

    @Test("each has a name, limits and a weight of its own, and takes the rest from its model and file")
    func read() throws {
        let fixture = try Self.fixture(
            """
                  - {name: eu, weight: 2, concurrency: 20, requests_per_minute: 500, tokens_per_minute: 100_000}
                  - name: us
                    base_url: https://us.acme.example/v1
                    upstream_name: one-us
                    key_command: [print-key]
                    concurrency: 5
            """)
        let model = try #require(try fixture.load(today: Self.today).models.first)
        let (eu, us) = (model.endpoints[0], model.endpoints[1])
        #expect(eu.name == "eu" && eu.weight == 2 && eu.requestsPerMinute == 500 && eu.tokensPerMinute == 100_000)
        #expect(eu.endpoint == model.endpoint && eu.endpoint.baseURL == "https://api.acme.example/v1")
        #expect(eu.endpoint.keyVariable == "ACME_API_KEY" && eu.endpoint.modelName == "one-2026")
        #expect(us.endpoint.baseURL == "https://us.acme.example/v1" && us.endpoint.modelName == "one-us")
        #expect(us.endpoint.access.key == .command(["print-key"]) && us.weight == 1)
        #expect(model.slots == 25)
    }

    @Test(
        "what is wrong is an error with its line",
        arguments: [
            ("      - {weight: 2}", "`endpoints[0].name` is missing"),
            ("      - {name: only}", "no name of an endpoint"),
            ("      - {name: a}\n      - {name: a}", "two endpoints have one name"),
            ("      - {name: a, weight: 0}", "`endpoints[0].weight` is zero"),
            ("      - {name: a, concurrency: 0}", "`endpoints[0].concurrency`"),
            ("      - {name: a}\n      - {name: b, wire: anthropic}", "differ in `wire`"),
            ("      - {name: a, base_url: nowhere}", "`endpoints[0].base_url`"),
            ("      - {name: a, slots: 2}", "unknown field `endpoints[0].slots`"),
            ("      []", "no list of 1 to 64"),
        ])
    func faults(endpoints: String, says: String) throws {
        let problems = try Self.fixture(endpoints).problems(today: Self.today)
        #expect(problems.contains { $0.description.contains(says) && $0.line > 0 }, "\(problems)")
    }
}
