import Digest
package import Domain

/// An API key's identity and permissions, without its secret.
package struct AccessKey: Hashable, Sendable {
    /// Public; part of the key's text and the name of its budgets (`key:ID`).
    package var id: String
    package var team: String?
    /// The operator's description.
    package var label: String
    package var createdAt: Timestamp
    package var expiresAt: Timestamp?
    package var revokedAt: Timestamp?
    package var models: ModelFilter
    /// The policy of calls that name none.
    package var policy: String?
    package var requestsPerMinute: Int?
    package var tokensPerMinute: Int?
    /// Most calls at the same time on each node; nil for no limit.
    package var concurrentCalls: Int?

    package init(
        id: String = KeySecret.newID(), team: String? = nil, label: String = "", createdAt: Timestamp,
        expiresAt: Timestamp? = nil, models: ModelFilter = ModelFilter(), policy: String? = nil,
        requestsPerMinute: Int? = nil, tokensPerMinute: Int? = nil, concurrentCalls: Int? = nil
    ) {
        self.id = id
        self.team = team
        self.label = label
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.models = models
        self.policy = policy
        self.requestsPerMinute = requestsPerMinute
        self.tokensPerMinute = tokensPerMinute
        self.concurrentCalls = concurrentCalls
    }

    /// The reason why the key is invalid at a moment; nil if it is valid.
    package func fault(at moment: Timestamp) -> String? {
        if let revokedAt { return "the key '\(id)' was revoked at \(revokedAt); ask for a new one" }
        if let expiresAt, expiresAt <= moment { return "the key '\(id)' expired at \(expiresAt); ask for a new one" }
        return nil
    }
}

/// The text of a key: `hera-ID-SECRET`. It is shown once; the ledger stores a salted SHA-256 of the secret.
///
/// The secret has 190 random bits, so one round of a fast hash is enough.
package struct KeySecret: Sendable {
    package let id: String
    private let secret: String

    private static let alphabet = Array("abcdefghijkmnpqrstuvwxyz23456789")
    private static let secretLength = 38
    static let saltLength = 16

    /// A new secret for a key.
    package init(for id: String) {
        self.id = id
        secret = Self.random(Self.secretLength)
    }

    /// Parses the text of a key; nil for anything else.
    package init?(_ text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == "hera", !parts[1].isEmpty, parts[2].count == Self.secretLength else {
            return nil
        }
        id = String(parts[1])
        secret = String(parts[2])
    }

    /// The full text of the key.
    package var text: String { "hera-\(id)-\(secret)" }

    /// A random id for a key: 50 bits.
    package static func newID() -> String { random(10) }

    /// `SystemRandomNumberGenerator` is the kernel's cryptographic one.
    private static func random(_ length: Int) -> String {
        String((0..<length).map { _ in alphabet[Int.random(in: 0..<alphabet.count)] })
    }

    static func newSalt() -> [UInt8] { (0..<saltLength).map { _ in UInt8.random(in: .min ... .max) } }

    func hash(salt: [UInt8]) -> [UInt8] { SHA256.hash(salt + Array(secret.utf8)) }

    /// Compares hashes in constant time.
    func matches(hash: [UInt8], salt: [UInt8]) -> Bool {
        isEqualInConstantTime(self.hash(salt: salt), hash)
    }
}
