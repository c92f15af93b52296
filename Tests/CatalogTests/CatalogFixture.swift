import Catalog
import Domain
import Foundation
import Testing

/// A catalog directory for a test, removed with its last reference.
final class CatalogFixture {
    let path: String

    /// Writes the files, by name.
    init(_ files: [String: String]) throws {
        path = NSTemporaryDirectory() + "catalog-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        for (name, text) in files { try Data(text.utf8).write(to: URL(fileURLWithPath: path + "/" + name)) }
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    /// One file, `test.yaml`, with the first match of `line` replaced.
    convenience init(_ text: String, replacing line: String = "", with replacement: String = "") throws {
        var text = text
        if let range = text.range(of: line) { text.replaceSubrange(range, with: replacement) }
        try self.init(["test.yaml": text])
    }

    func load(today: CalendarDay) throws(CatalogError) -> ModelCatalog {
        try ModelCatalog.load(directory: path, today: today)
    }

    func problems(today: CalendarDay) -> [CatalogProblem] {
        CatalogLint.problems(directory: path, today: today)
    }

    /// A valid cloud model; `input` is on line 16.
    static let cloud = """
        # A provider of a test.
        provider: acme
        base_url: https://api.acme.example/v1
        wire: openai
        key_variable: ACME_API_KEY
        placement: cloud
        models:
          - id: acme/one
            aliases: [one]
            upstream_name: one-2026
            tier: large
            context: 128000
            max_output: 16384
            capabilities: [tools, streaming]
            prices:
              input: 0.15
              cached_read: 0.0375
              output: 0.60
              batch: {input: 0.075, output: 0.3}
              source: Acme's price page
              as_of: 2026-11-01
        """

    /// A valid model on the operator's hardware.
    static let edge = """
        models:
          - id: local/small
            provider: llama.cpp
            base_url: http://127.0.0.1:8080/v1
            wire: openai
            placement: edge
            upstream_name: small
            tier: tiny
            context: 4096
            max_output: 2048
            capabilities: [streaming]
            prices:
              input: 0
              output: 0
              source: own hardware
              as_of: 2026-11-01
            energy:
              prefill_j_per_token: 0.006
              decode_j_per_token: 0.05
              idle_w: 0
              provenance: measured
              source: a wattmeter
            amortisation: {nano_usd_per_busy_s: 991, source: an invoice}
            slots: 2
            prompt_cache: none
            speed: {overhead_s: 0.01, prefill_tokens_per_s: 600, decode_tokens_per_s: 75, provenance: measured}
        """
}

/// The day on which tests read catalogs, independent of the clock.
func testDay() throws -> CalendarDay {
    try #require(CalendarDay("2026-11-21"))
}
