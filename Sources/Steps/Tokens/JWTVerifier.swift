import Digest
package import Domain
import JSON
package import Logging
import Synchronization
package import Upstream

/// Lets in callers whose tokens an issuer of the settings has signed.
package final class JWTVerifier: Sendable {
    private struct Issuer: Sendable {
        let rule: JWTRule
        let cache: JWKCache
    }

    private let issuers: Mutex<[String: Issuer]>
    private let upstream: UpstreamClient?
    private let logger: Logger

    /// Seconds after which a call is worth another try where keys could not be had.
    package static let retrySeconds = JWKCache.pauseAfterFailure

    /// - Parameters:
    ///   - rules: the issuers, each with an `iss` of its own.
    ///   - upstream: fetches their keys; nil where all have files.
    package init(_ rules: [JWTRule], upstream: UpstreamClient?, logger: Logger) {
        self.upstream = upstream
        self.logger = logger
        issuers = Mutex([:])
        replace(with: rules)
    }

    /// Replaces the issuers for calls from now on. Those that stay as they were keep the keys that are known of them.
    func replace(with rules: [JWTRule]) {
        issuers.withLock { known in
            var issuers: [String: Issuer] = [:]
            for rule in rules {
                if let old = known[rule.issuer], old.rule == rule {
                    issuers[rule.issuer] = old
                } else {
                    issuers[rule.issuer] = Issuer(rule: rule, cache: cache(of: rule))
                }
            }
            known = issuers
        }
    }

    private func cache(of rule: JWTRule) -> JWKCache {
        let reader = JWKReader(rule: rule, upstream: upstream)
        return JWKCache { [logger] in
            do throws(JWTFault) {
                return .success(try await reader.read())
            } catch {
                logger.warning(
                    "the keys of an issuer of tokens cannot be had",
                    metadata: ["issuer": "\(rule.name)", "reason": "\(error.reason)"])
                return .failure(error)
            }
        }
    }

    /// Whether a bearer token is one to verify: there are issuers, and it has the form of a signed token.
    package func isToken(_ text: String) -> Bool {
        issuers.withLock { !$0.isEmpty } && JWT.hasForm(text)
    }

    /// Whom a token names, once its signature, its time and its audience are verified.
    package func caller(of text: String, at now: Timestamp) async throws(JWTFault) -> TokenCaller {
        let token = try JWT(text)
        guard let name = token.claims["iss"]?.string else { throw .bad("names no issuer (`iss`)") }
        guard let issuer = issuers.withLock({ $0[name] }) else {
            throw .bad("is of the issuer '\(name.prefix(200))' (`iss`), which the settings do not name")
        }
        let keys = try await issuer.cache.keys(for: token, at: now)
        try Self.verify(token, keys, issuer.rule)
        let claims = JWTClaims(rule: issuer.rule, claims: token.claims)
        try claims.check(at: now)
        return try claims.caller(at: now)
    }

    /// The keys say which algorithms there are. The token only says which of them it is.
    private static func verify(_ token: JWT, _ keys: [JWK], _ rule: JWTRule) throws(JWTFault) {
        let allowed = keys.map { key in key.algorithms.filter { rule.algorithms?.contains($0.rawValue) ?? true } }
        guard let algorithm = SignatureAlgorithm(rawValue: token.algorithm),
            allowed.contains(where: { $0.contains(algorithm) })
        else {
            let names = Set(allowed.joined()).map(\.rawValue).sorted().joined(separator: ", ")
            throw .bad("has the algorithm '\(token.algorithm.prefix(20))', and its issuer's keys are for \(names)")
        }
        let isVerified = zip(keys, allowed).contains { key, algorithms in
            algorithms.contains(algorithm)
                && key.key.verifies(token.signature, of: token.signed, by: algorithm)
        }
        guard isVerified else { throw .bad("has a signature that is not that of its issuer") }
    }
}

extension JWTRule {
    /// Why the file that it names cannot be used; nil where it can, or names none.
    package var fileProblem: String? {
        do throws(JWTFault) {
            _ = try JWKReader(rule: self, upstream: nil).readFile()
            return nil
        } catch {
            return "the keys of the issuer '\(name)': \(error.reason)"
        }
    }
}
