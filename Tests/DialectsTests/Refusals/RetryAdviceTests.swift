import Domain
import Testing

@testable import Dialects
@testable import Upstream

@Suite("How long a server asks to wait")
struct RetryAdviceTests {
    /// 2015-10-21T07:27:50Z.
    private static let now = Timestamp(milliseconds: 1_445_412_470_000)

    private static func wait(_ status: Int, _ body: String = "", _ headers: [(String, String)] = []) -> Double? {
        FailureReader.read(
            status: status,
            headers: UpstreamHeaders(headers.map { UpstreamHeaders.Field(name: $0.0, value: $0.1) }),
            body: Array(body.utf8), now: now
        ).retryAfterSeconds
    }

    @Test(
        "every header is read",
        arguments: [
            ([("retry-after", "60")], 60), ([("retry-after", "2m")], 120), ([("retry-after-ms", "1500")], 1.5),
            ([("retry-after", "Wednesday, 21-Oct-15 07:28:00 GMT")], 10),
            ([("retry-after", "Wed Oct 21 07:28:00 2015")], 10),
            ([("x-ratelimit-reset-requests", "6m0s")], 360), ([("x-ratelimit-reset-tokens", "250ms")], 0.25),
            ([("x-ratelimit-reset", "1445412500")], 30), ([("X-RateLimit-Reset", "1445412480000")], 10),
            ([("x-ratelimit-reset", "12")], 12),
            ([("anthropic-ratelimit-requests-reset", "2015-10-21T07:28:10Z")], 20),
            (
                [
                    ("x-ratelimit-reset-requests", "1s"), ("x-ratelimit-remaining-requests", "5"),
                    ("x-ratelimit-reset-tokens", "9s"), ("x-ratelimit-remaining-tokens", "0"),
                ], 9
            ), ([("retry-after", "3"), ("x-ratelimit-reset-requests", "6m0s")], 3),
        ] as [([(String, String)], Double)])
    func headers(headers: [(String, String)], seconds: Double) {
        for status in [429, 503, 529] { #expect(Self.wait(status, "", headers) == seconds) }
    }

    @Test("a limit that resets is no advice where the answer is about something else")
    func otherStatus() {
        #expect(Self.wait(500, "", [("x-ratelimit-reset-requests", "6m0s")]) == nil)
        #expect(Self.wait(400, "try again in 3s", []) == nil)
    }

    @Test(
        "the body is read, too",
        arguments: [
            (
                #"{"error":{"code":429,"message":"m","details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"34s"}]}}"#,
                34
            ),
            (#"[{"error":{"code":429,"details":[{"retryDelay":"34.07s"}]}}]"#, 34.07),
            (#"{"error":{"message":"Rate limit reached. Please try again in 6m0s. Visit ..."}}"#, 360),
            (#"{"error":{"message":"Please try again in 20s."}}"#, 20),
            (#"{"error":{"message":"Please retry in 250ms"}}"#, 0.25),
            (#"{"error":{"message":"Please retry after 30 seconds."}}"#, 30),
            (#"{"error":{"message":"m","retry_after":12}}"#, 12), (#"{"retry_after":"7"}"#, 7),
            (#"{"error":{"message":"m","metadata":{"headers":{"X-RateLimit-Reset":"1445412480000"}}}}"#, 10),
            ("too fast, try again in 5 minutes", 300),
        ])
    func bodies(body: String, seconds: Double) {
        #expect(Self.wait(429, body) == seconds)
        #expect(Self.wait(429, body, [("retry-after", "1")]) == 1, "the header comes first")
    }

    @Test("words without a number are none", arguments: ["try again in a moment", "try again in ", "wait for it"])
    func vague(words: String) {
        #expect(Self.wait(429, words) == nil)
    }
}
