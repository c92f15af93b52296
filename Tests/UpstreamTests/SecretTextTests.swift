import Testing

@testable import Upstream

@Suite("Removing a secret from texts")
struct SecretTextTests {
    private static let key = "gsk_Ab3/xYz+0123456789qwertyUIOP"

    @Test(
        "the secret goes wherever it stands, whatever surrounds it",
        arguments: [
            ("\(key)", "..."), ("no account for \(key).", "no account for ...."),
            ("Bearer \(key)\(key) x", "Bearer ... x"),
            ("a\(key)b", "a...b"), ("GSK_AB3/XYZ+0123456789QWERTYUIOP", "..."),
            ("?key=gsk_Ab3%2FxYz%2B0123456789qwertyUIOP&x", "?key=...&x"),
            ("it begins with gsk_Ab3/xYz+0123", "it begins with ..."), ("cut off: gsk_Ab3/x", "cut off: ..."),
            ("é\(key)ü", "é...ü"), ("nothing of it", "nothing of it"), ("", ""),
        ])
    func removed(text: String, shown: String) throws {
        let secret = try #require(SecretText(Self.key))
        #expect(secret.removed(from: text) == shown)
    }

    @Test("a short secret goes where it stands alone, and is left in words")
    func short() throws {
        let secret = try #require(SecretText("llm"))
        #expect(secret.removed(from: "key llm, vllm and llm") == "key ..., vllm and ...")
        #expect(SecretText("") == nil && SecretText(nil) == nil)
    }

    @Test("no text of an error shows it")
    func errors() {
        let key = Self.key
        let long = String(repeating: "x", count: 295) + key
        let failure = UpstreamFailure(
            status: 401, code: "key_\(key)", message: long, field: key, retryAfterSeconds: nil, isRetryable: false)
        let errors: [UpstreamError] = [
            .status(failure), .malformed(host: "h", reason: key), .invalidRequest(reason: key),
            .connect(host: "h", reason: key), .tls(host: "h", reason: key), .undecided(batches: [key]),
        ]
        for error in errors {
            let told = "\(error.without(secret: key))"
            #expect(told.contains("...") && !told.contains(key.prefix(5)), "\(told)")
        }
    }
}
