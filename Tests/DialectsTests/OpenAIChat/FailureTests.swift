import Domain
import Testing

@testable import Dialects
@testable import Upstream

@Suite("Errors of model servers")
struct FailureTests {
    private static func read(_ status: Int, _ body: String, _ headers: [(String, String)] = []) -> UpstreamFailure {
        FailureReader.read(
            status: status,
            headers: UpstreamHeaders(headers.map { UpstreamHeaders.Field(name: $0.0, value: $0.1) }),
            body: Array(body.utf8), now: Timestamp(milliseconds: 1_445_412_470_000))
    }

    @Test(
        "code and message are found in every known form",
        arguments: [
            (#"{"error":{"message":"m","type":"t","param":null,"code":"c"}}"#, "c", "m"),
            (#"{"error":{"message":"m","type":"t","code":null}}"#, "t", "m"),
            (#"{"error":{"code":400,"message":"m","type":"invalid_request_error"}}"#, "invalid_request_error", "m"),
            (#"{"type":"error","error":{"type":"overloaded_error","message":"m"}}"#, "overloaded_error", "m"),
            (#"{"object":"error","message":"m","type":"BadRequestError","code":400}"#, "BadRequestError", "m"),
            (#"{"error":"m"}"#, nil, "m"),
            (#"{"detail":"m"}"#, nil, "m"),
            ("m", nil, "m"),
            ("<html><head><title>m</title></head>\r\n<body></body></html>", nil, "m"),
            ("", nil, "no message"),
        ] as [(String, String?, String)])
    func forms(body: String, code: String?, message: String) {
        let failure = Self.read(400, body)
        #expect(failure.status == 400)
        #expect(failure.code == code)
        #expect(failure.message == message)
    }

    @Test("a context that is too short is told apart")
    func contextOverflow() {
        let failure = Self.read(400, LlamaRecordings.contextOverflow)
        #expect(failure.isContextOverflow)
        #expect(!failure.isRetryable)
        #expect(Self.read(400, #"{"error":{"message":"m","code":"context_length_exceeded"}}"#).isContextOverflow)
        #expect(!Self.read(400, #"{"error":{"message":"m"}}"#).isContextOverflow)
    }

    @Test("a key that a server repeats is not told on, whatever it looks like")
    func repeatedKey() {
        let failure = Self.read(401, #"{"error":{"message":"no account for AIzaNotToBeSeen"}}"#)
        let told = UpstreamError.status(failure).without(secret: "AIzaNotToBeSeen")
        #expect("\(told)".contains("no account for ..."))
        #expect(UpstreamError.status(failure).without(secret: nil) == .status(failure))
    }

    @Test("what may pass is retryable, what will not pass is not")
    func retryable() {
        for status in [408, 429, 500, 502, 503, 504, 529] { #expect(Self.read(status, "").isRetryable) }
        for status in [400, 401, 403, 404, 413, 422, 501] { #expect(!Self.read(status, "").isRetryable) }
        #expect(!Self.read(429, #"{"error":{"message":"m","code":"insufficient_quota"}}"#).isRetryable)
    }

    @Test(
        "the time to wait is read in every form",
        arguments: [
            ("retry-after", "7", 7), ("Retry-After", "0.5", 0.5), ("retry-after-ms", "1500", 1.5),
            ("retry-after", "Wed, 21 Oct 2015 07:28:00 GMT", 10), ("retry-after", "Wed, 21 Oct 2015 07:27:00 GMT", 0),
            ("retry-after", "soon", nil), ("retry-after", "-3", nil), ("retry-after", "nan", nil), ("x", "1", nil),
            ("retry-after", "1e300", nil), ("retry-after-ms", "1e300", nil), ("retry-after", "inf", nil),
        ] as [(String, String, Double?)])
    func retryAfter(name: String, value: String, seconds: Double?) {
        #expect(Self.read(429, "", [(name, value)]).retryAfterSeconds == seconds)
    }

    @Test("a key that the server repeats is blacked out")
    func keys() {
        let failure = Self.read(
            401,
            #"{"error":{"message":"Incorrect API key provided: sk-abc***xyz1. See 'sk-12_3-4', ask-me","code":"x"}}"#)
        #expect(failure.message == "Incorrect API key provided: sk-... See 'sk-...', ask-me")
    }

    @Test("a long message is cut, and control characters do not reach a log")
    func longMessage() {
        let failure = Self.read(500, "a\u{1b}[31m\r\nb " + String(repeating: "word ", count: 1000))
        #expect(failure.message.count <= 300)
        #expect(failure.message.hasPrefix("a [31m b word"))
        #expect(!failure.description.unicodeScalars.contains { $0.value < 0x20 })
    }
}
