package import Calls
import Digest
import Domain
import JSON
import Upstream

/// A server of the operator's own that the service asks or tells something: by a POST of JSON, signed where it has a
/// secret.
///
/// The signature is that of Standard Webhooks: HMAC with SHA-256 over id, time and body.
package struct Hook: Hashable, Sendable {
    /// `https://...` or `http://...`.
    package let url: String
    /// Environment variable of the `Authorization: Bearer` token; nil for none.
    package let keyVariable: String?
    /// Environment variable of the secret that signs; nil for no signature. `whsec_` stands before one in base64.
    package let secretVariable: String?
    /// Total time of a call.
    package let timeoutSeconds: Double

    /// A hook of these parts.
    package init(
        url: String, keyVariable: String? = nil, secretVariable: String? = nil, timeoutSeconds: Double = 10
    ) {
        self.url = url
        self.keyVariable = keyVariable
        self.secretVariable = secretVariable
        self.timeoutSeconds = timeoutSeconds
    }

    /// The members that `init(json:)` reads.
    static let members = ["url", "key_env", "secret_env", "timeout_s"]

    /// Reads `{url, key_env?, secret_env?, timeout_s?}` of the settings.
    ///
    /// - Parameter others: further members of the object, which its owner reads.
    init(json: JSONValue, path: String, others: [String] = []) throws(FieldError) {
        let fields = try FieldReader(json, path: path, known: Self.members + others)
        guard let url = try fields.string("url") else { throw FieldError(fields.path("url"), "is missing") }
        do throws(UpstreamError) {
            _ = try Origin(url: url)
        } catch {
            throw FieldError(fields.path("url"), "must be a URL like https://hooks.example.com/hera")
        }
        self.url = url
        keyVariable = try fields.string("key_env")
        secretVariable = try fields.string("secret_env")
        timeoutSeconds = try fields.number("timeout_s", in: 0.1...600) ?? 10
    }

    /// What is wrong with the hook's variables; nil for nothing. Without its secret, messages would go out unsigned.
    package func problem(_ keys: APIKeys) -> String? {
        guard
            let name = [secretVariable, keyVariable].compactMap(\.self).first(where: { keys.secret(named: $0) == nil })
        else { return nil }
        return "\(url) needs \(name), which is not set: set it in the environment or in service.keys_file"
    }

    /// A message to the hook.
    ///
    /// - Parameter id: the same for each try of a message.
    func request(id: String, body: [UInt8], at moment: Timestamp, keys: APIKeys) -> UpstreamRequest {
        let seconds = String(moment.milliseconds / 1000)
        var headers = [("Content-Type", "application/json"), ("webhook-id", id), ("webhook-timestamp", seconds)]
        if let secret = secretVariable.flatMap({ keys.secret(named: $0) }) {
            let code = HMACSHA256.code(of: Array("\(id).\(seconds).".utf8) + body, key: Self.bytes(of: secret))
            headers.append(("webhook-signature", "v1,\(Base64.text(of: code))"))
        }
        if let key = keyVariable.flatMap({ keys.secret(named: $0) }) {
            headers.append(("Authorization", "Bearer \(key)"))
        }
        let timeout = Duration.seconds(timeoutSeconds)
        return UpstreamRequest(
            url: url, headers: headers, body: body,
            timeouts: UpstreamTimeouts(firstByte: timeout, idle: timeout, total: timeout),
            maximumResponseBytes: 16 << 20)
    }

    private static func bytes(of secret: String) -> [UInt8] {
        guard secret.hasPrefix("whsec_") else { return Array(secret.utf8) }
        return Base64.bytes(of: String(secret.dropFirst(6))) ?? Array(secret.utf8)
    }
}
