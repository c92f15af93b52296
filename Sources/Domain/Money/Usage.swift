/// A class of billed units.
package enum UsageClass: String, CaseIterable, Hashable, Sendable {
    /// Fresh prompt tokens (neither read from nor written to a cache).
    case input
    case cachedRead = "cached_read"
    case cacheWrite5m = "cache_write_5m"
    case cacheWrite1h = "cache_write_1h"
    /// Visible completion tokens.
    case output
    case reasoning
    case audioInput = "audio_input"
    case audioOutput = "audio_output"
    /// One per call.
    case request

    /// Index into a table by class, in the order of the cases.
    var index: Int {
        switch self {
        case .input: 0
        case .cachedRead: 1
        case .cacheWrite5m: 2
        case .cacheWrite1h: 3
        case .output: 4
        case .reasoning: 5
        case .audioInput: 6
        case .audioOutput: 7
        case .request: 8
        }
    }
}

/// Units used by one call, by class. Classes do not overlap: `input` excludes cached tokens, `output` excludes
/// reasoning.
package struct Usage: Hashable, Sendable {
    package var input: Int
    package var cachedRead: Int
    package var cacheWrite5m: Int
    package var cacheWrite1h: Int
    package var output: Int
    package var reasoning: Int
    package var audioInput: Int
    package var audioOutput: Int
    package var requests: Int

    package init(
        input: Int = 0, cachedRead: Int = 0, cacheWrite5m: Int = 0, cacheWrite1h: Int = 0, output: Int = 0,
        reasoning: Int = 0, audioInput: Int = 0, audioOutput: Int = 0, requests: Int = 1
    ) {
        self.input = input
        self.cachedRead = cachedRead
        self.cacheWrite5m = cacheWrite5m
        self.cacheWrite1h = cacheWrite1h
        self.output = output
        self.reasoning = reasoning
        self.audioInput = audioInput
        self.audioOutput = audioOutput
        self.requests = requests
    }

    /// Units of one class.
    package subscript(unit: UsageClass) -> Int {
        switch unit {
        case .input: input
        case .cachedRead: cachedRead
        case .cacheWrite5m: cacheWrite5m
        case .cacheWrite1h: cacheWrite1h
        case .output: output
        case .reasoning: reasoning
        case .audioInput: audioInput
        case .audioOutput: audioOutput
        case .request: requests
        }
    }

    /// The units of two calls.
    package func adding(_ other: Usage) -> Usage {
        Usage(
            input: input + other.input, cachedRead: cachedRead + other.cachedRead,
            cacheWrite5m: cacheWrite5m + other.cacheWrite5m, cacheWrite1h: cacheWrite1h + other.cacheWrite1h,
            output: output + other.output, reasoning: reasoning + other.reasoning,
            audioInput: audioInput + other.audioInput, audioOutput: audioOutput + other.audioOutput,
            requests: requests + other.requests)
    }

    /// All tokens that the model read.
    package var promptTokens: Int { input + cachedRead + cacheWrite5m + cacheWrite1h + audioInput }

    /// All tokens that the model wrote.
    package var completionTokens: Int { output + reasoning + audioOutput }
}
