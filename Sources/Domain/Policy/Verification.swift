import JSON

/// How an answer is verified (`verify`).
package struct Verification: Hashable, Sendable {
    /// When answers are verified.
    package var mode: VerificationMode
    /// What a stream does until its verdict.
    package var stream: StreamRule
    /// Least probability that the answer is acceptable; nil for the step's kappa.
    package var threshold: Double?
    /// Most further answers of the same model that may be bought to see whether they agree; 0 for none.
    package var samples: Int
    /// Most answers of other models that may be bought to see whether they agree, where no judge knows the text.
    package var opinions: Int

    /// The default of `samples`.
    package static let standardSamples = 1
    /// The default of `opinions`.
    package static let standardOpinions = 1

    package init(
        mode: VerificationMode = .off, stream: StreamRule = .buffer, threshold: Double? = nil,
        samples: Int = Verification.standardSamples, opinions: Int = Verification.standardOpinions
    ) {
        self.mode = mode
        self.stream = stream
        self.threshold = threshold
        self.samples = samples
        self.opinions = opinions
    }
}

/// When answers are verified.
package enum VerificationMode: String, CaseIterable, Hashable, Sendable {
    case off
    case on
    /// Whole answers, where another answer is expected to be worth its price. Streams are not held back.
    case auto
}

/// What a stream does until its answer is verified.
package enum StreamRule: String, CaseIterable, Hashable, Sendable {
    /// Buffers until the verdict.
    case buffer
    /// Forwards at once, for speed. The verdict then only affects later steps.
    case first
}

extension Verification {
    /// Parses `true`, `false`, `"auto"`, or an object with `on`, `stream`, `threshold`, `samples` and `opinions`. An
    /// object without `on` means on.
    init(json: JSONValue, base: Verification, path: String) throws(FieldError) {
        self = base
        if let mode = Self.mode(json) {
            self.mode = mode
            return
        }
        guard json.kind == .object else {
            throw FieldError(
                path, "must be true, false, \"auto\", or an object with on, stream, threshold, samples and opinions")
        }
        let fields = try FieldReader(json, path: path, known: ["on", "stream", "threshold", "samples", "opinions"])
        mode = .on
        if let value = fields.value("on") {
            guard let mode = Self.mode(value) else {
                throw FieldError(fields.path("on"), "must be true, false or \"auto\"")
            }
            self.mode = mode
        }
        stream = try fields.choice("stream", of: StreamRule.self) ?? stream
        threshold = try fields.number("threshold", in: 0...1) ?? threshold
        samples = try fields.integer("samples", in: 0...8) ?? samples
        opinions = try fields.integer("opinions", in: 0...4) ?? opinions
    }

    private static func mode(_ json: JSONValue) -> VerificationMode? {
        if let flag = json.boolean { return flag ? .on : .off }
        return json.isString("auto") ? .auto : nil
    }

    private func writeMode(_ name: String, into writer: inout JSONWriter) {
        if mode == .auto { writer.member(name, "auto") } else { writer.member(name, mode == .on) }
    }

    /// Writes `verify` into the policy's object, as a single value if that is complete.
    func write(into writer: inout JSONWriter) {
        let isStandard = samples == Self.standardSamples && opinions == Self.standardOpinions
        guard stream != .buffer || threshold != nil || !isStandard else {
            writeMode("verify", into: &writer)
            return
        }
        writer.member(
            "verify",
            object: { object in
                writeMode("on", into: &object)
                object.member("stream", stream.rawValue)
                if let threshold { object.member("threshold", threshold) }
                object.member("samples", samples)
                object.member("opinions", opinions)
            })
    }
}
