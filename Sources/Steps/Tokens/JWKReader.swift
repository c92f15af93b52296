import Digest
import Foundation
import JSON
import Upstream

/// Reads the keys of an issuer once, from where its rule says.
struct JWKReader: Sendable {
    let rule: JWTRule
    let upstream: UpstreamClient?

    private static let seconds = 5.0
    private static let discoveryPath = ".well-known/openid-configuration"

    /// - Throws: ``JWTFault/unavailable(_:)`` with the reason.
    func read() async throws(JWTFault) -> [JWK] {
        switch rule.keys {
        case .url(let url): try await named(url) { bytes throws(JWTFault) in try JWKSet.keys(bytes) }
        case .discovery: try await discovered()
        case .setFile, .keyFile, .secretFile: try readFile()
        }
    }

    /// The keys of a file; none for sources that are no files.
    func readFile() throws(JWTFault) -> [JWK] {
        switch rule.keys {
        case .url, .discovery: return []
        case .setFile(let path): return try Self.wrapped(path, JWKSet.keys(Self.contents(path)))
        case .keyFile(let path):
            guard let key = VerificationKey(pem: try Self.contents(path)) else {
                throw .unavailable(
                    "\(path) has no public key in PEM that is known here (RSA from \(VerificationKey.leastRSABits) bits, "
                        + "P-256, P-384, P-521, Ed25519)")
            }
            return [JWK(id: nil, key: key, algorithms: key.algorithms)]
        case .secretFile(let path):
            var secret = try Self.contents(path)
            while let last = secret.last, last == 0x0A || last == 0x0D { secret.removeLast() }
            guard let key = VerificationKey(secret: secret) else {
                throw .unavailable("\(path) has a secret below \(VerificationKey.leastSecretBytes) bytes")
            }
            return [JWK(id: nil, key: key, algorithms: key.algorithms)]
        }
    }

    /// The keys of the set that the issuer's OpenID configuration names.
    private func discovered() async throws(JWTFault) -> [JWK] {
        let address = rule.issuer + (rule.issuer.hasSuffix("/") ? "" : "/") + Self.discoveryPath
        let url = try await named(address) { bytes throws(JWTFault) in
            guard let root = try? JSONDocument(bytes, maximumDepth: 16).root, let url = root["jwks_uri"]?.string else {
                throw .unavailable("is no OpenID configuration with `jwks_uri`")
            }
            guard root["issuer"]?.string == rule.issuer else {
                throw .unavailable("is the OpenID configuration of another issuer")
            }
            if let problem = JWTRule.problem(ofKeyURL: url) { throw .unavailable("has a `jwks_uri` that \(problem)") }
            return url
        }
        return try await named(url) { bytes throws(JWTFault) in try JWKSet.keys(bytes) }
    }

    /// What a body makes of the answer of a URL, which its errors name.
    private func named<Value>(
        _ url: String, _ body: ([UInt8]) throws(JWTFault) -> Value
    ) async throws(JWTFault) -> Value {
        let shown = String(url.prefix { $0 != "?" })
        guard let upstream else { throw .unavailable("\(shown) cannot be asked here") }
        let limit = Duration.seconds(Self.seconds)
        let request = UpstreamRequest(
            method: "GET", url: url, headers: [("Accept", "application/json")],
            timeouts: UpstreamTimeouts(firstByte: limit, idle: limit, total: limit),
            maximumResponseBytes: JWKSet.mostBytes,
            // Others wait for the same keys.
            cancellation: .drain(within: limit))
        let (status, bytes): (Int, [UInt8])
        do throws(UpstreamError) {
            let response = try await upstream.send(request)
            (status, bytes) = (response.status, try await response.collect(upTo: JWKSet.mostBytes))
        } catch {
            throw .unavailable("\(error)")
        }
        guard status == 200 else { throw .unavailable("\(shown) answered with \(status)") }
        return try Self.wrapped(shown, body(bytes))
    }

    private static func wrapped<Value>(
        _ name: String, _ body: @autoclosure () throws(JWTFault) -> Value
    ) throws(JWTFault) -> Value {
        do {
            return try body()
        } catch {
            guard case .unavailable(let reason) = error, !reason.hasPrefix(name) else { throw error }
            throw .unavailable("\(name) \(reason)")
        }
    }

    private static func contents(_ path: String) throws(JWTFault) -> [UInt8] {
        guard let handle = FileHandle(forReadingAtPath: path),
            let data = try? handle.read(upToCount: JWKSet.mostBytes + 1), data.count <= JWKSet.mostBytes
        else { throw .unavailable("\(path) cannot be read") }
        return Array(data)
    }
}
