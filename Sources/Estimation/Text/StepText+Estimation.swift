import Domain

extension StepText {
    /// The texts whose n-grams tell what a step asks for.
    package var estimatedTexts: [String] { tools.map { [prompt, $0] } ?? [prompt] }

    /// Bytes of a prompt that are read at its beginning,
    static let headBytes = 6000
    /// and at its end, where it is longer than both: longer than any question that profiles were trained on.
    static let tailBytes = 2000

    /// The step with a very long prompt cut to its two ends, so that the time of a decision is bounded.
    var abridged: StepText {
        let bytes = prompt.utf8
        guard bytes.count > Self.headBytes + Self.tailBytes else { return self }
        var text = self
        text.prompt =
            String(decoding: bytes.prefix(Self.headBytes), as: UTF8.self) + "\n"
            + String(decoding: bytes.suffix(Self.tailBytes), as: UTF8.self)
        return text
    }
}
