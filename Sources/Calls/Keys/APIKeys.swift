package import Domain
import Foundation
package import Upstream

/// Secrets for models' servers: from the environment, from files, and from commands. Never printed, never stored.
package struct APIKeys: Sendable, CustomStringConvertible {
    private let environment: [String: String]
    private let cache: KeyCache

    /// Seconds that a command for a key may take.
    private static let commandSeconds = 30.0

    package init(environment: [String: String]) {
        self.environment = environment
        let variables = environment.filter { !$0.key.isEmpty && !$0.key.contains("=") }.map { "\($0.key)=\($0.value)" }
        cache = KeyCache { words, end in Self.run(words, variables, end) }
    }

    /// - Parameter cache: the keys of commands.
    init(environment: [String: String], cache: KeyCache) {
        self.environment = environment
        self.cache = cache
    }

    /// The value of an environment variable; nil if it is unset or empty.
    package func secret(named variable: String) -> String? {
        environment[variable].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Without secrets.
    package var description: String { "APIKeys" }

    // MARK: Credentials

    /// What enters a server.
    ///
    /// Without a value of its variable, a server gets no key: it may need none.
    ///
    /// - Parameter early: whether a key that ends soon is fetched anew although it is still valid.
    /// - Throws: ``UpstreamError/noCredentials(reason:)`` where a file, a command or a header has no value.
    package func credentials(
        for access: EndpointAccess, early: Bool = false
    ) async throws(UpstreamError) -> Credentials {
        do throws(KeyFault) {
            let key = try await fetched(access, early: early)
            return try credentials(access, key)
        } catch {
            throw .noCredentials(reason: error.description)
        }
    }

    /// Other credentials than those that a server refused; nil where there are none, as with variables.
    package func renewed(
        _ refused: Credentials, for access: EndpointAccess
    ) async throws(UpstreamError) -> Credentials? {
        if case .command(let words) = access.key, case .success(let kept) = await cache.key(of: words),
            let old = try? credentials(access, kept), old == refused
        {
            cache.forget(kept, of: words)
        }
        let new = try await credentials(for: access)
        return new == refused ? nil : new
    }

    /// Why a server cannot be entered, with the way out; nil where it can, as far as is known here.
    package func problem(with access: EndpointAccess) async -> String? {
        if let variable = access.keyVariable, secret(named: variable) == nil { return "no key: set \(variable)" }
        do throws(UpstreamError) {
            _ = try await credentials(for: access, early: true)
            return nil
        } catch {
            return error.description
        }
    }

    /// What is seen to be wrong without running a command; nil for nothing. Unset variables of keys are usual.
    package func staticProblem(with access: EndpointAccess) -> String? {
        do throws(KeyFault) {
            if case .command(let words) = access.key, let program = words.first {
                guard isProgram(program) else {
                    throw KeyFault("\(program) (key_command) is no program that can be run")
                }
            } else {
                _ = try local(access)
            }
            for header in access.headers { _ = try value(of: header) }
            return nil
        } catch {
            return error.description
        }
    }

    private func isProgram(_ name: String) -> Bool {
        if name.contains("/") { return FileManager.default.isExecutableFile(atPath: name) }
        return (environment["PATH"] ?? "").split(separator: ":").contains {
            FileManager.default.isExecutableFile(atPath: "\($0)/\(name)")
        }
    }

    /// All secrets of a server that are known now, to be removed from texts.
    package func secrets(of access: EndpointAccess) -> [String] {
        if case .command(let words) = access.key {
            return cache.secrets(of: words) + ((try? credentials(access, FetchedKey()))?.secrets ?? [])
        }
        let key = try? local(access)
        return (key?.secrets ?? []) + ((try? credentials(access, key ?? nil))?.secrets ?? [])
    }

    private func fetched(_ access: EndpointAccess, early: Bool) async throws(KeyFault) -> FetchedKey? {
        guard case .command(let words) = access.key else { return try local(access) }
        switch await cache.key(of: words, early: early) {
        case .success(let key): return key
        case .failure(let fault): throw KeyFault("\(access.key.map { "\($0)" } ?? ""): \(fault)")
        }
    }

    /// The key of a variable or a file.
    private func local(_ access: EndpointAccess) throws(KeyFault) -> FetchedKey? {
        switch access.key {
        case .variable(let name): secret(named: name).map { FetchedKey(token: $0) }
        case .file(let path): try file(path)
        case .command: nil
        case nil: access.signing == nil ? nil : try signingKeys()
        }
    }

    private func file(_ path: String) throws(KeyFault) -> FetchedKey {
        let now = Timestamp.now()
        guard let handle = FileHandle(forReadingAtPath: path),
            let data = try? handle.read(upToCount: KeyText.mostBytes + 1)
        else { throw KeyFault("the key file \(path) cannot be read") }
        let key: FetchedKey
        do throws(KeyFault) {
            key = try KeyText.read(Array(data), at: now)
        } catch {
            throw KeyFault("the key file \(path): \(error)")
        }
        if let end = key.endsAt, end <= now { throw KeyFault("the key of \(path) has expired") }
        return key
    }

    /// AWS's own variables.
    private func signingKeys() throws(KeyFault) -> FetchedKey {
        guard let id = secret(named: "AWS_ACCESS_KEY_ID"), let secret = secret(named: "AWS_SECRET_ACCESS_KEY") else {
            throw KeyFault("set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a key_command")
        }
        return FetchedKey(
            signingKeys: SigningKeys(id: id, secret: secret, session: self.secret(named: "AWS_SESSION_TOKEN")))
    }

    private func credentials(_ access: EndpointAccess, _ key: FetchedKey?) throws(KeyFault) -> Credentials {
        var fields: [UpstreamHeaders.Field] = []
        var secrets: [String] = []
        for header in access.headers {
            let value = try value(of: header)
            fields.append(UpstreamHeaders.Field(name: header.name, value: value.text))
            secrets += value.secrets
        }
        var signature: RequestSignature?
        if let signing = access.signing, let keys = key?.signingKeys {
            signature = RequestSignature(
                accessKey: keys.id, secretKey: keys.secret, sessionToken: keys.session, region: signing.region,
                service: signing.service)
        } else if access.signing != nil, key?.token != nil {
            throw KeyFault("a signature needs AccessKeyId and SecretAccessKey, and there is a token alone")
        }
        return Credentials(
            key: access.signing == nil ? key?.token : nil, keyHeader: access.keyHeader, headers: fields,
            headerSecrets: secrets, signature: signature)
    }

    private func value(of header: EndpointHeader) throws(KeyFault) -> (text: String, secrets: [String]) {
        var text = ""
        var secrets: [String] = []
        for part in header.value.parts {
            switch part {
            case .text(let words): text += words
            case .variable(let name):
                guard let value = secret(named: name) else {
                    throw KeyFault("the header \(header.name) needs \(name), which is not set")
                }
                text += value
                secrets.append(value)
            case .file(let path):
                guard let token = try file(path).token else { throw KeyFault("the file \(path) has no token") }
                text += token
                secrets.append(token)
            }
        }
        return (text, secrets)
    }

    // MARK: Commands

    private static func run(
        _ words: [String], _ environment: [String], _ end: @escaping @Sendable (Result<[UInt8], KeyFault>) -> Void
    ) {
        let command = BoundedCommand(
            words: words, environment: environment, timeoutSeconds: commandSeconds, outputBytes: KeyText.mostBytes,
            keepsErrors: false)
        command.start { end(output(of: $0)) }
    }

    /// What a command printed. It is not repeated in a fault: it may be the key.
    private static func output(of result: BoundedCommand.Result) -> Result<[UInt8], KeyFault> {
        switch result {
        case .ended(0, let output): return .success(output)
        case .ended(let status, _):
            return .failure(KeyFault("it ended with status \(status): run it by hand to see why"))
        case .notStarted(let reason): return .failure(KeyFault("it could not be started: \(reason)"))
        case .tooLong: return .failure(KeyFault("it did not end within \(Int(commandSeconds)) s"))
        case .tooMuchOutput: return .failure(KeyFault("it wrote more than \(KeyText.mostBytes >> 10) KiB"))
        }
    }
}
