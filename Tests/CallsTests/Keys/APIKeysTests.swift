import Catalog
import Domain
import Foundation
import Ledger
import Logging
import Synchronization
import Testing
import Upstream

@testable import Calls

@Suite("Keys of models' servers")
struct APIKeysTests {
    private static let environment = ["PATH": "/usr/bin:/bin", "MY_KEY": "from-environment", "TEAM": "red"]

    private static func access(_ key: KeySource?, _ headers: [(String, String)] = []) throws -> EndpointAccess {
        EndpointAccess(key: key, headers: try headers.map { try EndpointHeader(name: $0.0, value: $0.1) })
    }

    private static func file(_ text: String) throws -> URL {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("key-\(UUID())")
        try Data(text.utf8).write(to: file)
        return file
    }

    @Test("come from a variable, a file, or a command without a shell")
    func sources() async throws {
        let keys = APIKeys(environment: Self.environment)
        let file = try Self.file("from-file\n")
        defer { try? FileManager.default.removeItem(at: file) }
        #expect(try await keys.credentials(for: Self.access(.variable("MY_KEY"))).key == "from-environment")
        #expect(try await keys.credentials(for: Self.access(.variable("OTHER"))).key == nil)
        #expect(try await keys.credentials(for: Self.access(.file(file.path))).key == "from-file")
        #expect(try await keys.credentials(for: Self.access(.command(["echo", "$MY_KEY;x"]))).key == "$MY_KEY;x")
        #expect(
            try await keys.credentials(for: Self.access(.command(["printenv", "MY_KEY"]))).key == "from-environment")
    }

    @Test("of a file are read anew, so that a change is seen")
    func changes() async throws {
        let keys = APIKeys(environment: [:])
        let file = try Self.file("one")
        defer { try? FileManager.default.removeItem(at: file) }
        let access = try Self.access(.file(file.path))
        #expect(try await keys.credentials(for: access).key == "one")
        try Data("two".utf8).write(to: file)
        #expect(try await keys.credentials(for: access).key == "two")
    }

    @Test("headers have values of the environment and of files in them, which are removed from errors")
    func headers() async throws {
        let file = try Self.file("from-file\n")
        defer { try? FileManager.default.removeItem(at: file) }
        let keys = APIKeys(environment: Self.environment)
        let access = try Self.access(
            nil, [("x-team", "team-${TEAM}"), ("x-token", "Token ${file:\(file.path)}"), ("x-plain", "a $ {b}")])
        let credentials = try await keys.credentials(for: access)
        #expect(credentials.headers.map(\.value) == ["team-red", "Token from-file", "a $ {b}"])
        #expect(credentials.secrets == ["red", "from-file"] && keys.secrets(of: access) == ["red", "from-file"])
        #expect("\(credentials)" == "Credentials" && !access.isOpen)
    }

    @Test("that cannot be had are an error with the way out, and never with what was written")
    func faults() async throws {
        let keys = APIKeys(environment: Self.environment)
        let script = ["sh", "-c", "echo secret-words; exit 3"]
        for (access, word) in [
            (try Self.access(.file("/no/such/file")), "/no/such/file"),
            (try Self.access(.command(script)), "status 3"),
            (try Self.access(.command(["/no/such/program"])), "could not be started"),
            (try Self.access(.command(["sh", "-c", "echo two words"])), "spaces"),
            (try Self.access(nil, [("x-a", "${NOT_SET}")]), "NOT_SET"),
            (EndpointAccess(signing: RequestSigning(region: "r", service: "s")), "AWS_ACCESS_KEY_ID"),
        ] {
            let error = await #expect(throws: UpstreamError.self) { try await keys.credentials(for: access) }
            let words = "\(error.map { "\($0)" } ?? "")"
            #expect(words.contains(word), "\(words)")
            #expect(!words.contains("secret-words") && !words.contains("two words"))
            #expect(error?.mayHaveBeenBilled == false && error?.isBeforeFirstByte == true)
            #expect(await keys.problem(with: access) != nil)
        }
        #expect(try await keys.problem(with: Self.access(.variable("OTHER"))) == "no key: set OTHER")
        #expect(await keys.problem(with: EndpointAccess()) == nil)
        #expect(try keys.staticProblem(with: Self.access(.command(["no-such-program"]))) != nil)
        #expect(try keys.staticProblem(with: Self.access(.command(["sh"]))) == nil)
    }

    @Test("sign by AWS's variables or by a command in the format of its credential process")
    func signing() async throws {
        let signing = RequestSigning(region: "eu-central-1", service: "bedrock")
        let keys = APIKeys(
            environment: ["PATH": "/usr/bin:/bin", "AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "hidden"])
        let own = try await keys.credentials(for: EndpointAccess(signing: signing))
        #expect(own.key == nil && own.signature?.accessKey == "AKID" && own.secrets == ["hidden"])
        let process = ["echo", #"{"AccessKeyId":"A2","SecretAccessKey":"s2","SessionToken":"t2"}"#]
        let other = try await keys.credentials(for: EndpointAccess(key: .command(process), signing: signing))
        #expect(other.signature?.accessKey == "A2" && other.secrets == ["s2", "t2"])
        await #expect(throws: UpstreamError.self) {
            try await keys.credentials(for: EndpointAccess(key: .command(["echo", "token"]), signing: signing))
        }
    }

    // MARK: Refused keys

    private static func calls(_ keys: APIKeys) throws -> CallExecutor {
        let registry = ModelRegistry(catalog: ModelCatalog(models: [], version: "t"), energy: nil)
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("keys-\(UUID())").path
        let ledger = try LedgerStore.sqlite(path: path)
        for end in ["", "-wal", "-shm", "-nodes"] { try? FileManager.default.removeItem(atPath: path + end) }
        return CallExecutor(
            registry: registry, limiter: ConcurrencyLimiter(registry: registry), upstream: UpstreamClient(),
            ledger: ledger, limits: ServiceLimits(), keys: keys, logger: Logger(label: "test"))
    }

    private static func refusal(_ status: Int) -> UpstreamError {
        .status(
            UpstreamFailure(
                status: status, code: nil, message: "no", retryAfterSeconds: nil, isRetryable: false))
    }

    /// The keys that a call was made with where its server refuses all but the last.
    private static func sent(_ keys: APIKeys, _ access: EndpointAccess, status: Int = 401) async throws -> [String?] {
        let sent = Mutex<[String?]>([])
        let calls = try calls(keys)
        try? await calls.entering(access) { (credentials) async throws(UpstreamError) -> Void in
            sent.withLock { $0.append(credentials.key) }
            throw refusal(status)
        }
        return sent.withLock { $0 }
    }

    @Test("that a server refuses are fetched anew once, and the call is repeated with another key only")
    func refused() async throws {
        let count = Mutex(0)
        let cache = KeyCache { _, end in
            let number = count.withLock { number in
                number += 1
                return min(number, 3)
            }
            end(.success(Array("key-\(number)".utf8)))
        }
        let keys = APIKeys(environment: ["MY_KEY": "k"], cache: cache)
        let access = try Self.access(.command(["print"]))
        #expect(try await Self.sent(keys, access) == ["key-1", "key-2"])
        // Key 2 was refused as well, so the next call begins with it and goes on to key 3.
        #expect(try await Self.sent(keys, access) == ["key-2", "key-3"])
        // The command has no other key.
        #expect(try await Self.sent(keys, access) == ["key-3"])
        // Other errors, and keys of variables, are not repeated.
        #expect(try await Self.sent(keys, access, status: 403) == ["key-3"])
        #expect(try await Self.sent(keys, access, status: 500) == ["key-3"])
        #expect(try await Self.sent(keys, try Self.access(.variable("MY_KEY"))) == ["k"])
    }
}
