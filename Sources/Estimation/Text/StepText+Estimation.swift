import Core

extension StepText {
    /// The texts whose n-grams tell what a step asks for.
    var estimatedTexts: [String] { tools.map { [prompt, $0] } ?? [prompt] }
}
