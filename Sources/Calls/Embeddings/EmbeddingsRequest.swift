import Dialects
import Domain
package import JSON

/// An embeddings request in OpenAI's format: its bytes and the fields that booking needs.
package struct EmbeddingsRequest: Sendable {
    package let document: JSONDocument
    /// The requested model name.
    package let model: String
    /// Number of embeddings in the answer.
    let count: Int
    /// Tokens of all inputs: likely and at most.
    let tokens: TokenEstimate

    /// Reads a body. Throws the first error with its field.
    package init(_ document: JSONDocument) throws(FieldError) {
        let root = document.root
        guard root.kind == .object else { throw FieldError("", "the body must be a JSON object") }
        guard let model = root["model"]?.string, !model.isEmpty else {
            throw FieldError("model", "is missing: name a model of the catalog that makes embeddings")
        }
        guard let input = root["input"], !input.isNull else {
            throw FieldError("input", "is missing: give a text, a list of texts, or tokens")
        }
        if let format = root["encoding_format"], !format.isNull, !format.isString("float"), !format.isString("base64") {
            throw FieldError("encoding_format", "must be float or base64")
        }
        if let dimensions = root["dimensions"], !dimensions.isNull, (dimensions.integer ?? 0) < 1 {
            throw FieldError("dimensions", "must be a whole number above 0")
        }
        self.document = document
        self.model = model
        (count, tokens) = try Self.measure(input)
    }

    /// A text, tokens, or a list of either.
    private static func measure(_ input: JSONValue) throws(FieldError) -> (count: Int, tokens: TokenEstimate) {
        if input.kind == .string { return (1, try measure([input])) }
        guard input.kind == .array, let first = input.elements.first(where: { _ in true }) else {
            throw FieldError("input", "must be a text, a list of texts, or tokens, and not empty")
        }
        if first.kind == .number { return (1, try measure([input])) }
        let inputs = Array(input.elements)
        return (inputs.count, try measure(inputs))
    }

    private static func measure(_ inputs: [JSONValue]) throws(FieldError) -> TokenEstimate {
        var bytes = 0
        var tokens = 0
        for input in inputs {
            if input.kind == .string {
                // Without quotes. Escapes only make the count higher than the text's.
                bytes += input.raw.count - 2
                guard input.raw.count > 2 else { throw FieldError("input", "has an empty text") }
            } else {
                let count = input.count
                guard input.kind == .array, count > 0, input.elements.allSatisfy({ $0.integer != nil }) else {
                    throw FieldError("input", "must be a text, a list of texts, or tokens, and not empty")
                }
                tokens += count
            }
        }
        let text = TokenEstimate(bytes: bytes, messages: inputs.count)
        return TokenEstimate(
            likely: tokens + (bytes > 0 ? text.likely : 0), atMost: tokens + (bytes > 0 ? text.atMost : 0))
    }
}
