import Digest
import ScriptedUpstream
import TestSupport
import Testing
import Upstream

@Suite("Requests with AWS Signature Version 4")
struct SignatureTests {
    private static let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

    /// HMAC-SHA-256 (RFC 2104).
    private static func hmac(_ key: [UInt8], _ text: String) -> [UInt8] {
        var block = key + [UInt8](repeating: 0, count: 64 - key.count)
        let inner = SHA256.hash(block.map { $0 ^ 0x36 } + Array(text.utf8))
        block = block.map { $0 ^ 0x5C }
        return SHA256.hash(block + inner)
    }

    private static func hex(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    private static func signingKey(day: String, region: String, service: String) -> [UInt8] {
        [region, service, "aws4_request"].reduce(hmac(Array("AWS4\(secret)".utf8), day)) { hmac($0, $1) }
    }

    /// The signature of a request by the steps of AWS's documentation.
    private static func signature(
        _ method: String, _ path: String, headers: [(String, String)], body: [UInt8], date: String, scope: String
    ) -> String {
        let lines = headers.map { "\($0.0):\($0.1)\n" }.joined()
        let names = headers.map(\.0).joined(separator: ";")
        let canonical = "\(method)\n\(path)\n\n\(lines)\n\(names)\n\(hex(SHA256.hash(body)))"
        let text = "AWS4-HMAC-SHA256\n\(date)\n\(scope)\n\(hex(SHA256.hash(utf8: canonical)))"
        let parts = scope.split(separator: "/").map(String.init)
        return hex(hmac(signingKey(day: parts[0], region: parts[1], service: parts[2]), text))
    }

    @Test("the reference of this test gives AWS's own examples")
    func reference() {
        #expect(
            Self.hex(Self.signingKey(day: "20120215", region: "us-east-1", service: "iam"))
                == "f4780e2d9f65fa895f9c67b32ce1baf0b0d8a43505a000a1a9e090d414db404d")
        #expect(
            Self.signature(
                "GET", "/", headers: [("host", "example.amazonaws.com"), ("x-amz-date", "20150830T123600Z")], body: [],
                date: "20150830T123600Z", scope: "20150830/us-east-1/service/aws4_request")
                == "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31")
    }

    @Test("carry a signature over method, path, headers and body, and no key", arguments: [nil, "session/token=="])
    func signed(token: String?) async throws {
        try await Loopback.with { _ in
            .json("{}")
        } _: { loopback in
            var request = UpstreamRequest(
                url: loopback.server.baseURL + "/chat/completions",
                headers: [("Content-Type", "application/json"), ("Accept", "text/event-stream")],
                body: Array(#"{"model":"m","text":"ü"}"#.utf8), timeouts: .test)
            request.authorize(
                Credentials(
                    signature: RequestSignature(
                        accessKey: "AKIDEXAMPLE", secretKey: Self.secret, sessionToken: token, region: "eu-central-1",
                        service: "bedrock")))
            #expect(request.secrets.contains(Self.secret))
            _ = try await loopback.text(request)
            let sent = try #require(loopback.server.record.requests.first)
            let authorization = try #require(sent.header("authorization"))
            let fields = authorization.split(separator: " ").map { $0.last == "," ? String($0.dropLast()) : String($0) }
            #expect(fields.first == "AWS4-HMAC-SHA256")
            func field(_ name: String) -> String {
                fields.first { $0.hasPrefix("\(name)=") }.map { String($0.dropFirst(name.count + 1)) } ?? ""
            }
            let date = try #require(sent.header("x-amz-date"))
            let scope = "\(date.prefix(8))/eu-central-1/bedrock/aws4_request"
            #expect(field("Credential") == "AKIDEXAMPLE/\(scope)")
            let names = field("SignedHeaders").split(separator: ";").map(String.init)
            #expect(names.contains("host") && names.contains("content-type"))
            #expect(sent.header("x-amz-security-token") == token)
            #expect(names.contains("x-amz-security-token") == (token != nil))
            let expected = Self.signature(
                "POST", sent.path, headers: names.map { ($0, sent.header($0) ?? "") }, body: sent.body, date: date,
                scope: scope)
            #expect(field("Signature") == expected, "\(authorization)")
            #expect(!sent.headers.contains { $0.value.contains(Self.secret) })
        }
    }
}
