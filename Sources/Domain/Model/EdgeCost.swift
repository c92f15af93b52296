/// How a figure was obtained.
package enum Provenance: String, CaseIterable, Hashable, Sendable {
    case measured, estimated
}

/// Energy use of a model on the operator's hardware.
package struct EnergyUse: Hashable, Sendable {
    package let joulesPerPrefillToken: Double
    package let joulesPerDecodeToken: Double
    /// Idle power of the machine, charged by busy second.
    package let idleWatts: Double
    package let provenance: Provenance
    /// How and where it was measured or estimated.
    package let source: String

    package init(
        joulesPerPrefillToken: Double, joulesPerDecodeToken: Double, idleWatts: Double, provenance: Provenance,
        source: String
    ) {
        self.joulesPerPrefillToken = joulesPerPrefillToken
        self.joulesPerDecodeToken = joulesPerDecodeToken
        self.idleWatts = idleWatts
        self.provenance = provenance
        self.source = source
    }

    /// Joules of one call: prefill + decode + the idle share of its busy time.
    package func joules(promptTokens: Double, completionTokens: Double, busySeconds: Double) -> Double {
        joulesPerPrefillToken * promptTokens + joulesPerDecodeToken * completionTokens + idleWatts * busySeconds
    }
}

/// What a model's hardware costs while it is busy.
package struct Amortisation: Hashable, Sendable {
    /// Purchase price spread over the expected busy seconds of its life, in nano-USD per busy second.
    package let nanoUSDPerBusySecond: Double
    /// How the figure was derived.
    package let source: String

    package init(nanoUSDPerBusySecond: Double, source: String) {
        self.nanoUSDPerBusySecond = nanoUSDPerBusySecond
        self.source = source
    }
}

/// Expected speed of a model until live measurements replace it.
package struct Speed: Hashable, Sendable {
    /// Network and queue before the first prompt token is read.
    package let overheadSeconds: Double
    package let prefillTokensPerSecond: Double
    package let decodeTokensPerSecond: Double
    package let provenance: Provenance

    package init(
        overheadSeconds: Double, prefillTokensPerSecond: Double, decodeTokensPerSecond: Double, provenance: Provenance
    ) {
        self.overheadSeconds = overheadSeconds
        self.prefillTokensPerSecond = prefillTokensPerSecond
        self.decodeTokensPerSecond = decodeTokensPerSecond
        self.provenance = provenance
    }

    /// Seconds of a call: overhead + prefill + decode.
    package func seconds(promptTokens: Double, completionTokens: Double) -> Double {
        overheadSeconds + promptTokens / prefillTokensPerSecond + completionTokens / decodeTokensPerSecond
    }
}
