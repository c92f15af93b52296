import Catalog
import Domain
import Testing

/// One fault in an otherwise valid file, and its expected problem.
struct Fault: Sendable, CustomTestStringConvertible {
    let name: String
    var text = CatalogFixture.cloud
    let line: String
    let replacement: String
    /// The expected line.
    let at: Int
    let says: [String]
    var severity = CatalogProblem.Severity.error

    var testDescription: String { name }
}

@Suite("Each fault of a catalog file")
struct ProblemTests {
    static let prices: [Fault] = [
        Fault(
            name: "missing price", line: "      input: 0.15\n", replacement: "", at: 15,
            says: ["`prices.input` is missing", "write `input: 0.15` (USD per million tokens)", "`input: 0` if it is"]),
        Fault(
            name: "price left empty", line: "input: 0.15", replacement: "input:", at: 16,
            says: ["`prices.input` is missing"]),
        Fault(
            name: "no prices at all", line: "prices:", replacement: "speed:", at: 8,
            says: ["`prices` is missing", "`source` and `as_of`"]),
        Fault(
            name: "negative price", line: "output: 0.60", replacement: "output: -0.60", at: 18,
            says: ["`prices.output` is negative (-0.60)", "write `output: 0.60`"]),
        Fault(
            name: "price with a comma", line: "0.15", replacement: "\"0,15\"", at: 16,
            says: ["`prices.input` is not a decimal number ('0,15')", "write `input: 0.15`"]),
        Fault(
            name: "price with a currency", line: "0.15", replacement: "$0.15", at: 16,
            says: ["not a decimal number", "write `input: 0.15`, in USD"]),
        Fault(
            name: "price that is a word", line: "0.15", replacement: "cheap", at: 16,
            says: ["not a decimal number ('cheap')", "write `input: 0.15`"]),
        Fault(
            name: "price too fine to be kept", line: "0.15", replacement: "0.1234567891", at: 16,
            says: ["cannot be kept exactly", "at most 9 decimals"]),
        Fault(
            name: "price that is a list", line: "0.15", replacement: "[0.15]", at: 16,
            says: ["`prices.input` is not a single value", "write `input: 0.15`"]),
        Fault(
            name: "batch price without output", line: "{input: 0.075, output: 0.3}", replacement: "{input: 0.075}",
            at: 19, says: ["`prices.batch.output` is missing", "write `output: 0.15` (USD per million tokens)"]),
        Fault(
            name: "unknown price class", line: "cached_read", replacement: "cache_read", at: 17,
            says: ["unknown field `prices.cache_read`", "did you mean `cached_read`?"]),
        Fault(
            name: "missing source", line: "      source: Acme's price page\n", replacement: "", at: 15,
            says: ["`prices.source` is missing", "write `source: ...`"]),
        Fault(
            name: "missing date", line: "as_of: 2026-11-01", replacement: "valid_from: 2026-11-01", at: 15,
            says: ["`prices.as_of` is missing", "write `as_of: 2026-11-21`"]),
        Fault(
            name: "impossible date", line: "2026-11-01", replacement: "2026-02-30", at: 21,
            says: ["`prices.as_of` is not a day of the calendar ('2026-02-30')", "write it like `as_of: "]),
        Fault(
            name: "date in the future", line: "2026-11-01", replacement: "2026-11-22", at: 21,
            says: ["`prices.as_of` (2026-11-22) lies in the future"]),
        Fault(
            name: "expired price", line: "as_of: 2026-11-01",
            replacement: "as_of: 2026-11-01\n      valid_until: 2026-11-20", at: 22,
            says: ["the price expired: `prices.valid_until` was 2026-11-20", "write today's price"]),
        Fault(
            name: "price of the future", line: "as_of: 2026-11-01",
            replacement: "as_of: 2026-11-01\n      valid_from: 2026-11-22", at: 22,
            says: ["no price is valid yet: `prices.valid_from` is 2026-11-22", "add the price that holds today"]),
        Fault(
            name: "validity that ends before it begins", line: "as_of: 2026-11-01",
            replacement: "as_of: 2026-11-01\n      valid_from: 2026-11-20\n      valid_until: 2026-11-19", at: 23,
            says: ["`prices.valid_until` (2026-11-19) is before `prices.valid_from` (2026-11-20)"]),
        Fault(
            name: "cached tokens dearer than fresh ones", line: "0.0375", replacement: "0.2", at: 17,
            says: ["`prices.cached_read` is dearer than `input`"], severity: .warning),
        Fault(
            name: "cache writes of Anthropic unpriced", line: "wire: openai", replacement: "wire: anthropic", at: 15,
            says: ["`prices.cache_write_5m` is missing"], severity: .warning),
        Fault(
            name: "context tier without a bound", line: "batch: {input: 0.075, output: 0.3}",
            replacement: "context_tiers:\n        - {input: 0.3}", at: 20,
            says: ["`prices.context_tiers.above` is missing", "write `above: 200000`"]),
        Fault(
            name: "context tier twice", line: "batch: {input: 0.075, output: 0.3}",
            replacement: "context_tiers:\n        - {above: 9, input: 1}\n        - {above: 9, input: 2}", at: 21,
            says: ["two context tiers begin above 9 tokens"]),
        Fault(
            name: "context tier of a service tier without rates", line: "batch: {input: 0.075, output: 0.3}",
            replacement: "context_tiers:\n        - {above: 9, tier: flex, input: 1}", at: 20,
            says: ["`prices.context_tiers.tier` is 'flex', which has no rates here", "standard"]),
        Fault(
            name: "context tier that changes nothing", line: "batch: {input: 0.075, output: 0.3}",
            replacement: "context_tiers:\n        - {above: 9}", at: 20,
            says: ["`prices.context_tiers.input` is missing"]),
        Fault(
            name: "context tiers that are no list", line: "batch: {input: 0.075, output: 0.3}",
            replacement: "context_tiers: {above: 9}", at: 19, says: ["`prices.context_tiers` is not a list"]),
    ]

    static let models: [Fault] = [
        Fault(
            name: "unknown field of a model", line: "max_output", replacement: "max_ouput", at: 13,
            says: ["unknown field `max_ouput`", "did you mean `max_output`?"]),
        Fault(
            name: "unknown field unlike any other", line: "tier:", replacement: "flavour:", at: 11,
            says: ["unknown field `flavour`", "known fields here are", "max_output"]),
        Fault(
            name: "unknown field of the file", line: "provider: acme", replacement: "provider: acme\nmodel: 3", at: 3,
            says: ["unknown field `model`", "did you mean `models`?"]),
        Fault(name: "missing id", line: "id: acme/one", replacement: "slots: 1", at: 8, says: ["`id` is missing"]),
        Fault(
            name: "id with a space", line: "acme/one", replacement: "acme one", at: 8,
            says: ["`id` is no model name ('acme one')", "like `openai/gpt-4.1-mini`"]),
        Fault(
            name: "id of the router itself", line: "acme/one", replacement: "hera/one", at: 8,
            says: ["`id` is reserved for the router's policies"]),
        Fault(
            name: "alias given twice", line: "aliases: [one]", replacement: "aliases: [one, one]", at: 9,
            says: ["the name 'one' is taken at test.yaml:9", "rename or remove"]),
        Fault(
            name: "aliases that are no list", line: "aliases: [one]", replacement: "aliases: one", at: 9,
            says: ["`aliases` is not a list of names"]),
        Fault(
            name: "missing context", line: "    context: 128000\n", replacement: "", at: 8,
            says: ["`context` is missing", "write `context: 128000`"]),
        Fault(
            name: "context in thousands", line: "128000", replacement: "128k", at: 12,
            says: ["`context` is not a whole number ('128k')", "write `context: 128000`"]),
        Fault(
            name: "negative limit", line: "16384", replacement: "-1", at: 13,
            says: ["`max_output` is negative (-1)", "at least 1"]),
        Fault(
            name: "limit with a fraction", line: "16384", replacement: "1.5", at: 13,
            says: ["`max_output` is not a whole number of at least 1 ('1.5')"]),
        Fault(
            name: "images without a source", line: "    prices:",
            replacement: "    images: {most_tokens: 9}\n    prices:", at: 15,
            says: ["`images.source` is missing", "write `source: ...`, who says so"]),
        Fault(
            name: "an image that costs nothing", line: "    prices:",
            replacement: "    images: {most_tokens: 0, source: x}\n    prices:", at: 15,
            says: ["`images.most_tokens` is not a whole number of at least 1 ('0')"]),
        Fault(
            name: "answers longer than the context", line: "16384", replacement: "128001", at: 13,
            says: ["`max_output` (128001) is above `context` (128000)", "at most `max_output: 128000`"]),
        Fault(
            name: "unknown capability", line: "[tools,", replacement: "[tool,", at: 14,
            says: ["`capabilities` has an unknown value 'tool'", "did you mean `tools`?"]),
        Fault(
            name: "missing capabilities", line: "    capabilities: [tools, streaming]\n", replacement: "", at: 8,
            says: ["`capabilities` is missing", "structured_output"]),
        Fault(
            name: "unknown tier", line: "tier: large", replacement: "tier: huge", at: 11,
            says: ["`tier` has an unknown value 'huge'", "write one of tiny, small, medium, large, frontier"]),
        Fault(
            name: "unknown placement", line: "placement: cloud", replacement: "placement: Clowd", at: 6,
            says: ["`placement` has an unknown value 'Clowd'", "did you mean `cloud`?"]),
        Fault(
            name: "unknown batch interface", line: "wire: openai", replacement: "wire: openai\nbatch_api: own", at: 5,
            says: ["`batch_api` has an unknown value 'own'", "write one of openai, anthropic"]),
        Fault(
            name: "batch interface of another dialect", line: "wire: openai",
            replacement: "wire: openai\nbatch_api: anthropic", at: 5,
            says: ["`batch_api: anthropic` does not go with `wire: openai`", "leave it out"]),
        Fault(
            name: "unknown wire format", line: "wire: openai", replacement: "wire: grpc", at: 4,
            says: ["`wire` has an unknown value 'grpc'", "write one of openai, anthropic"]),
        Fault(
            name: "missing URL", line: "base_url: https://api.acme.example/v1\n", replacement: "", at: 7,
            says: ["`base_url` is missing", "at the model or at the top of the file"]),
        Fault(
            name: "energy of a cloud model", line: "    prices:",
            replacement: "    energy: {prefill_j_per_token: 1, decode_j_per_token: 1, idle_w: 1, "
                + "provenance: measured, source: x}\n    prices:",
            at: 15, says: ["`energy` is only for models on the operator's hardware", "`placement: edge`"]),
    ]

    static let energy = """
            energy:
              prefill_j_per_token: 0.006
              decode_j_per_token: 0.05
              idle_w: 0
              provenance: measured
              source: a wattmeter

        """

    static let edges: [Fault] = [
        Fault(
            name: "edge model without energy", text: CatalogFixture.edge, line: Self.energy, replacement: "", at: 2,
            says: ["`energy` is missing", "`prefill_j_per_token`", "`idle_w`"]),
        Fault(
            name: "edge model without speed", text: CatalogFixture.edge, line: "speed: {", replacement: "# {", at: 2,
            says: ["`speed` is missing"]),
        Fault(
            name: "energy without its source", text: CatalogFixture.edge, line: "      source: a wattmeter\n",
            replacement: "",
            at: 17, says: ["`energy.source` is missing", "how and where"]),
        Fault(
            name: "unknown provenance", text: CatalogFixture.edge, line: "provenance: measured",
            replacement: "provenance: guess",
            at: 21, says: ["`energy.provenance` has an unknown value 'guess'", "measured, estimated"]),
        Fault(
            name: "negative energy", text: CatalogFixture.edge, line: "0.006", replacement: "-0.006", at: 18,
            says: ["`energy.prefill_j_per_token` is negative (-0.006)", "at least 0"]),
        Fault(
            name: "energy that is no number", text: CatalogFixture.edge, line: "0.006", replacement: "6 mJ", at: 18,
            says: ["`energy.prefill_j_per_token` is not a number ('6 mJ')"]),
        Fault(
            name: "speed of zero", text: CatalogFixture.edge, line: "decode_tokens_per_s: 75",
            replacement: "decode_tokens_per_s: 0", at: 26,
            says: ["`speed.decode_tokens_per_s` is zero", "above 0"]),
        Fault(
            name: "amortisation without its source", text: CatalogFixture.edge, line: ", source: an invoice",
            replacement: "",
            at: 23, says: ["`amortisation.source` is missing", "the price and the years"]),
        Fault(
            name: "no slots", text: CatalogFixture.edge, line: "slots: 2", replacement: "slots: 0", at: 24,
            says: ["`slots` is not a whole number of at least 1"]),
        Fault(
            name: "block that is a single value", text: CatalogFixture.edge,
            line: "{nano_usd_per_busy_s: 991, source: an invoice}",
            replacement: "991", at: 23, says: ["`amortisation` is not a block of fields", "`nano_usd_per_busy_s: ...`"]),
    ]

    @Test("is named with file, line and what to write instead", arguments: prices + models + edges)
    func fault(_ fault: Fault) throws {
        let fixture = try CatalogFixture(fault.text, replacing: fault.line, with: fault.replacement)
        let problems = try fixture.problems(today: testDay())
        let problem = try #require(
            problems.first { problem in fault.says.allSatisfy { "\(problem)".contains($0) } },
            "found only \(problems)")
        #expect(problem.file == "test.yaml")
        #expect(problem.line == fault.at)
        #expect(problem.severity == fault.severity)
        #expect(!problem.suggestion.isEmpty)
    }

    @Test("is not reported for valid files", arguments: [CatalogFixture.cloud, CatalogFixture.edge])
    func faultless(_ text: String) throws {
        #expect(try CatalogFixture(text).problems(today: testDay()) == [])
    }

    @Test("is reported together with all the others, once and in line order")
    func together() throws {
        var text = CatalogFixture.cloud
        for (line, replacement) in [("placement: cloud", "placement: moon"), ("0.15", "-1"), ("0.60", "x")] {
            text = text.replacing(line, with: replacement)
        }
        let second = "\n  - {id: acme/two, upstream_name: two}"
        let problems = try CatalogFixture(text + second).problems(today: testDay())
        #expect(problems.map(\.line) == problems.map(\.line).sorted())
        #expect(problems.count { $0.message.contains("`placement` has an unknown value") } == 1)
        #expect(problems.contains { $0.line == 16 } && problems.contains { $0.line == 18 })
        #expect(problems.contains { $0.line == 22 && $0.message == "`tier` is missing" })
    }
}
