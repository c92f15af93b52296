package import Domain

/// Entries of a catalog file for models of a local server, with their estimates to correct.
package struct LocalModelYAML: Sendable {
    private let models: [Model]

    package init(_ models: [Model]) {
        self.models = models
    }

    /// A whole file.
    package var file: String {
        """
        # Written by `hera catalog add`. Speed and energy are estimated from sizes: correct them by your own machine.
        # A model without a score in scores.yaml has the prior of its tier. A line for it stands under each model.
        models:

        """ + entries
    }

    /// The list items alone, to be put at the end of such a file.
    package var entries: String {
        models.map { Self.lines(of: $0).map { "  \($0)\n" }.joined() }.joined(separator: "\n")
    }

    private static func lines(of model: Model) -> [String] {
        let names = Capability.allCases.filter(model.capabilities.contains).map(\.rawValue)
        var lines = [
            "- id: \(text(model.id.rawValue))",
            "  provider: \(text(model.provider))",
            "  base_url: \(model.endpoint.baseURL)",
            "  wire: \(model.endpoint.wire.rawValue)",
            "  placement: \(model.placement.rawValue)",
            "  upstream_name: \(text(model.endpoint.modelName))",
            "  tier: \(model.tier.rawValue)",
            "  context: \(model.contextTokens)",
            "  max_output: \(model.maxOutputTokens)",
            "  capabilities: [\(names.joined(separator: ", "))]",
        ]
        if let variable = model.endpoint.keyVariable { lines.append("  key_variable: \(variable)") }
        if let price = model.prices.last {
            lines.append("  prices: {input: 0, output: 0, source: \(text(price.source)), as_of: \(price.asOf)}")
        }
        if let energy = model.energy {
            lines += [
                "  energy:",
                "    prefill_j_per_token: \(number(energy.joulesPerPrefillToken))",
                "    decode_j_per_token: \(number(energy.joulesPerDecodeToken))",
                "    idle_w: \(number(energy.idleWatts))",
                "    provenance: \(energy.provenance.rawValue)",
                "    source: \(text(energy.source))",
            ]
        }
        if let amortisation = model.amortisation {
            lines += [
                "  amortisation:",
                "    nano_usd_per_busy_s: \(number(amortisation.nanoUSDPerBusySecond))",
                "    source: \(text(amortisation.source))",
            ]
        }
        if let slots = model.slots { lines.append("  slots: \(slots)") }
        let speed = model.speed
        lines += [
            "  speed:",
            "    overhead_s: \(number(speed.overheadSeconds))",
            "    prefill_tokens_per_s: \(number(speed.prefillTokensPerSecond))",
            "    decode_tokens_per_s: \(number(speed.decodeTokensPerSecond))",
            "    provenance: \(speed.provenance.rawValue)",
        ]
        return lines + (model.published?.scores ?? []).map { "  # scores.yaml: \(score($0))" }
    }

    private static func score(_ score: PublishedScore) -> String {
        let doubt = score.deviation.map { ", deviation: \(number($0))" } ?? ""
        let nearest = score.nearest.map { ", nearest: \(text($0))" } ?? ""
        return "- {benchmark: \(score.benchmark), score: \(number(score.score))\(nearest)\(doubt), "
            + "source: \(text(score.source)), as_of: \(score.asOf), licence: \(score.licence)}"
    }

    private static func text(_ text: String) -> String { CatalogYAML.quoted(text) }

    /// With at most 4 decimals.
    private static func number(_ value: Double) -> String { "\((value * 10_000).rounded() / 10_000)" }
}
