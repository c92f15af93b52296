import Domain
import JSON

/// A key as a command or a file gives it, with the time until which it is valid.
struct FetchedKey: Hashable, Sendable {
    /// The key; nil for keys that only sign.
    var token: String?
    /// Keys of AWS; nil for other keys.
    var signingKeys: SigningKeys?
    /// Nil where nothing is said of an end.
    var endsAt: Timestamp?

    var secrets: [String] { [token, signingKeys?.secret, signingKeys?.session].compactMap(\.self) }
}

/// The two keys of a signature, and the token of temporary ones.
struct SigningKeys: Hashable, Sendable {
    let id: String
    let secret: String
    let session: String?
}

/// Why a key cannot be had. Never holds the key or what a command has written.
struct KeyFault: Error, Hashable, Sendable, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// Reads what commands print and files hold: a bare token, or a JSON object with the token and its end.
///
/// The objects are those of this service's documentation (`token`, `expires_at` or `expires_in`), of OAuth
/// (`access_token`), Azure's command line (`accessToken`, `expires_on`), Kubernetes (`status`) and AWS
/// (`credential_process`).
enum KeyText {
    static let mostBytes = 64 << 10
    private static let tokens = ["token", "access_token", "accessToken"]
    private static let ends = ["expires_at", "expires_on", "expiry", "expirationTimestamp", "Expiration"]

    static func read(_ bytes: [UInt8], at now: Timestamp) throws(KeyFault) -> FetchedKey {
        guard bytes.count <= mostBytes else { throw KeyFault("it is larger than \(mostBytes >> 10) KiB") }
        let text = bytes.drop { $0 <= 0x20 }
        if text.first == UInt8(ascii: "{") {
            guard let document = try? JSONDocument(Array(text)) else { throw KeyFault("it is no JSON object") }
            return try object(document.root, at: now)
        }
        var end = text
        while let last = end.last, last <= 0x20 { end = end.dropLast() }
        return FetchedKey(token: try token(String(decoding: end, as: UTF8.self)))
    }

    private static func object(_ root: JSONValue, at now: Timestamp) throws(KeyFault) -> FetchedKey {
        let holder = root["status"].flatMap { $0.kind == .object ? $0 : nil } ?? root
        var key = FetchedKey(endsAt: end(holder, at: now))
        if let id = holder["AccessKeyId"]?.string, let secret = holder["SecretAccessKey"]?.string {
            let session = try holder["SessionToken"]?.string.map { (text) throws(KeyFault) in try token(text) }
            key.signingKeys = SigningKeys(id: try token(id), secret: try token(secret), session: session)
            return key
        }
        guard let text = tokens.lazy.compactMap({ holder[$0]?.string }).first else {
            throw KeyFault("its JSON has no member token")
        }
        key.token = try token(text)
        return key
    }

    private static func end(_ holder: JSONValue, at now: Timestamp) -> Timestamp? {
        if let seconds = number(holder["expires_in"]), seconds > 0 { return now.advanced(bySeconds: seconds) }
        for name in ends {
            guard let value = holder[name] else { continue }
            if let number = number(value), number > 0 {
                return Timestamp(milliseconds: Int64(min(number > 1e11 ? number : number * 1000, 9e15)))
            }
            if let moment = value.string.flatMap({ Timestamp($0) }) { return moment }
        }
        return nil
    }

    private static func number(_ value: JSONValue?) -> Double? {
        value?.double ?? value?.string.flatMap { Double($0) }
    }

    /// A token goes into a header field: no spaces, no control characters.
    private static func token(_ text: String) throws(KeyFault) -> String {
        guard !text.isEmpty else { throw KeyFault("it is empty") }
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw KeyFault("it has spaces, line breaks or other characters that no key has")
        }
        return text
    }
}
