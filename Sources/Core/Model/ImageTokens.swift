/// Tokens that a model bills for an image, however large the image is.
package struct ImageTokens: Hashable, Sendable {
    /// No image is billed more.
    package let most: Int
    /// Who says so, or how it was derived.
    package let source: String

    package init(most: Int, source: String) {
        self.most = most
        self.source = source
    }

    /// What an image is expected to be billed: two thirds of the most. A square one of 1,024 pixels comes to 53 % with
    /// GPT-4o, 67 % with GPT-4.1 mini and 87 % with Claude 4.6 by the rules that their catalog entries name.
    package var likely: Int { max(most * 2 / 3, 1) }

    /// For models that say nothing of it: above the dearest way of counting that is known (GPT-4o mini's 48,169).
    package static let mostWhereUnknown = 50_000
    package static let likelyWhereUnknown = 1000
}
