package import Domain
import Foundation

/// Size, speed, energy and ability of a local server's model, estimated from its name and what the server tells.
package struct LocalModelEstimate: Hashable, Sendable {
    /// In billions.
    package let parameters: Double
    /// Whether name or server told the size; else it is assumed.
    package let isSizeKnown: Bool
    /// As written, in capitals; nil where neither tells it.
    package let quantization: String?
    /// What one token uses, in billions.
    private let activeParameters: Double
    let name: LocalModelName

    /// The size of a model that tells none, in billions.
    private static let assumedParameters = 7.0

    package init(_ served: ServedModel) {
        let name = LocalModelName(served.name)
        let told = served.parameters ?? name.parameters
        isSizeKnown = told != nil
        let total = told ?? Self.assumedParameters
        parameters = total
        let share = name.parameters.flatMap { all in name.activeParameters.map { $0 / all } } ?? 1
        activeParameters = total * share
        quantization = served.quantization ?? name.quantization
        self.name = name
    }

    /// Size and quantisation: `3B, Q4_K_M`.
    package var summary: String {
        ([isSizeKnown ? Self.sizeText(parameters) : "size unknown"] + [quantization].compactMap(\.self))
            .joined(separator: ", ")
    }

    private static func sizeText(_ billions: Double) -> String {
        if billions < 0.9995 { return "\(Int((billions * 1000).rounded()))M" }
        let tenths = (billions * 10).rounded() / 10
        return tenths == tenths.rounded() ? "\(Int(tenths))B" : "\(tenths)B"
    }

    /// The class by size.
    package var tier: QualityTier {
        switch parameters {
        case ..<0.95: .tiny
        case ..<5: .small
        case ..<20: .medium
        default: .large
        }
    }

    /// What it can do. Embedding models do nothing else.
    package func capabilities(at kind: LocalServerKind) -> Set<Capability> {
        if name.isEmbedding { return [.embeddings] }
        var capabilities: Set<Capability> = [.streaming]
        if kind.hasSchemas { capabilities.insert(.structuredOutput) }
        if parameters >= 1, let least = Self.toolFamilies[name.family], name.generation ?? 0 >= least {
            capabilities.insert(.tools)
        }
        return capabilities
    }

    /// The generation from which a family's models call tools.
    private static let toolFamilies: [String: Double] = [
        "llama": 3.1, "qwen": 2.5, "qwq": 0, "mistral": 0, "ministral": 0, "mixtral": 0, "granite": 3, "hermes": 3,
        "gpt": 0, "devstral": 0, "magistral": 0, "nemotron": 0, "command": 0, "glm": 4, "phi": 4, "smollm": 3,
        "cogito": 0, "firefunction": 0,
    ]
}

/// Speed and energy, scaled from one measured model on one machine.
extension LocalModelEstimate {
    // Qwen2.5-7B, Q4_K_M, on an RTX 5060 Ti: see Catalog/edge.yaml.
    private static let measured = (parameters: 7.62, gigabytes: 4.68, prefill: 4028.0, decode: 87.8, watts: 175.0)
    private static let idleWatts = 47.7
    /// Below this size of a file in GB, speed grows less than size falls.
    private static let proportionalGigabytes = 4.0
    private static let smallPower = 0.74

    /// The expected speed until calls are measured.
    package var speed: Speed {
        let bits = quantization.flatMap { QuantizationBits.of($0) } ?? QuantizationBits.standard
        let gigabytes = activeParameters * bits / 8
        let standard = activeParameters * Self.measured.gigabytes / Self.measured.parameters
        return Speed(
            overheadSeconds: 0.05,
            prefillTokensPerSecond: Self.measured.prefill * Self.factor(standard),
            decodeTokensPerSecond: Self.measured.decode * Self.factor(gigabytes), provenance: .estimated)
    }

    /// Speed as a multiple of the measured model's, for a file of some GB.
    private static func factor(_ gigabytes: Double) -> Double {
        let large = max(gigabytes, proportionalGigabytes)
        let factor = measured.gigabytes / large
        guard gigabytes < proportionalGigabytes else { return factor }
        return factor * pow(proportionalGigabytes / max(gigabytes, 0.05), smallPower)
    }

    /// The energy at that speed, with the rest of the machine.
    package var energy: EnergyUse {
        let speed = speed
        return EnergyUse(
            joulesPerPrefillToken: Self.measured.watts / speed.prefillTokensPerSecond,
            joulesPerDecodeToken: Self.measured.watts / speed.decodeTokensPerSecond, idleWatts: Self.idleWatts,
            provenance: .estimated,
            source: "estimated from \(summary): scaled from Qwen2.5-7B on an RTX 5060 Ti at 175 W")
    }
}
