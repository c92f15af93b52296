import Digest
import JSON

/// The algorithms that an issuer's tokens may have.
enum JWTAlgorithms {
    /// Refuses names that are unknown, or that fit no key of the source.
    static func check(_ names: [String]?, for keys: JWTRule.KeySource, path: String) throws(FieldError) {
        guard let names else { return }
        guard !names.isEmpty else { throw FieldError(path, "must name at least one, or be left out") }
        let isSecret = if case .secretFile = keys { true } else { false }
        for name in names {
            guard let algorithm = SignatureAlgorithm(rawValue: name) else {
                let known = SignatureAlgorithm.allCases.map(\.rawValue).joined(separator: ", ")
                throw FieldError(path, "'\(name)' is not known; use some of \(known)")
            }
            guard algorithm.isSymmetric == isSecret else {
                throw FieldError(
                    path,
                    isSecret
                        ? "'\(name)' needs a public key, and secret_file names a secret"
                        : "'\(name)' signs with a secret, which only secret_file may name")
            }
        }
    }
}
