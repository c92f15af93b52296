import Domain
import Testing

@testable import Calls

@Suite("The text of a key")
struct KeyTextTests {
    private static let now = Timestamp(milliseconds: 1_800_000_000_000)

    private static func read(_ text: String) throws -> FetchedKey { try KeyText.read(Array(text.utf8), at: now) }

    @Test("a bare token is a key without a known end, whatever white space is around it")
    func bare() throws {
        #expect(try Self.read("\n  ya29.a0-token_/+=\r\n") == FetchedKey(token: "ya29.a0-token_/+="))
    }

    @Test(
        "a JSON object names the token and its end, as people's tools write it",
        arguments: [
            (#"{"token":"t","expires_in":60}"#, 60.0), (#"{"token":"t","expires_in":"60"}"#, 60),
            (#"{"token":"t","expires_at":"2027-01-15T08:01:00Z"}"#, 60),
            (#"{"token":"t","expires_at":1800000060}"#, 60), (#"{"token":"t","expires_at":1800000060000}"#, 60),
            (#"{"access_token":"t","token_type":"Bearer","expires_in":3599}"#, 3599),
            (#"{"accessToken":"t","expiresOn":"2027-01-15 09:01:00.000000","expires_on":1800000060}"#, 60),
            (#"{"kind":"ExecCredential","status":{"token":"t","expirationTimestamp":"2027-01-15T08:01:00Z"}}"#, 60),
        ])
    func objects(text: String, seconds: Double) throws {
        let key = try Self.read(text)
        #expect(key.token == "t" && key.endsAt == Self.now.advanced(bySeconds: seconds))
    }

    @Test("the output of an AWS credential process is a pair of keys with a session")
    func aws() throws {
        let key = try Self.read(
            #"{"Version":1,"AccessKeyId":"AKID","SecretAccessKey":"s/e","SessionToken":"x","Expiration":"2027-01-15T08:01:00Z"}"#
        )
        #expect(key.token == nil && key.signingKeys == SigningKeys(id: "AKID", secret: "s/e", session: "x"))
        #expect(key.endsAt == Self.now.advanced(bySeconds: 60) && key.secrets == ["s/e", "x"])
    }

    @Test(
        "what no key can be is refused without being repeated",
        arguments: [
            "", " \n", "two words", "a\nb", "{\"token\":1}", "{\"token\":\"\"}", "{\"token\":\"a\\r\\nx: y\"}",
            "{token}",
            "schlüssel",
        ])
    func refused(text: String) {
        let fault = #expect(throws: KeyFault.self) { try Self.read(text) }
        for word in ["two words", "schlüssel", "x: y"] { #expect(fault?.description.contains(word) == false) }
    }

    @Test("more than 64 KiB is no key")
    func large() {
        #expect(throws: KeyFault.self) { try Self.read(String(repeating: "a", count: (64 << 10) + 1)) }
    }
}
