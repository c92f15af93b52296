import Domain
import Foundation
import JSON
import Testing

@testable import Catalog

@Suite("Models of local servers")
struct LocalModelTests {
    private static let today = CalendarDay(daysSinceEpoch: 20_700)

    private static func ollama() throws -> LocalServer { try LocalServer(url: "http://127.0.0.1:11434") }

    @Test(
        "a name tells family, size and quantisation",
        arguments: [
            ("llama3.2:3b", "llama", 3.2, 3, 3, nil), ("qwen3:8b", "qwen", 3, 8, 8, nil),
            ("smollm2:135m", "smollm", 2, 0.135, 0.135, nil),
            ("Qwen/Qwen2.5-7B-Instruct-AWQ", "qwen", 2.5, 7, 7, "AWQ"),
            ("meta-llama/Llama-3.1-8B-Instruct", "llama", 3.1, 8, 8, nil),
            ("qwen3-8b-q4_K_M.gguf", "qwen", 3, 8, 8, "Q4_K_M"), ("qwen3:30b-a3b", "qwen", 3, 30, 3, nil),
            ("mixtral:8x7b", "mixtral", nil, 46.48, 12.88, nil), ("gemma-2-9b-it", "gemma", 2, 9, 9, nil),
            ("qwen2.5-7b-instruct-1m", "qwen", 2.5, 7, 7, nil), ("phi3", "phi", 3, nil, nil, nil),
        ] as [(String, String, Double?, Double?, Double?, String?)])
    func names(
        text: String, family: String, generation: Double?, size: Double?, active: Double?, quantization: String?
    ) {
        let name = LocalModelName(text)
        #expect(name.family == family && name.generation == generation && name.quantization == quantization)
        #expect(name.parameters.map { ($0 * 1000).rounded() } == size.map { ($0 * 1000).rounded() })
        #expect(name.activeParameters.map { ($0 * 1000).rounded() } == active.map { ($0 * 1000).rounded() })
    }

    @Test(
        "ability grows with size, from a table where the family is unknown",
        arguments: [(0.1, 70), (0.135, 70), (0.5, 82), (3, 100), (7, 108), (8, 108), (14, 114), (70, 126), (400, 126)])
    func sizes(billions: Double, points: Double) {
        #expect(abs(LocalModelAbility.points(ofSize: billions) - points) < 1e-9)
    }

    @Test("a model of a known family is placed by its nearest scored member, with more doubt the farther it is")
    func families() throws {
        let members = [("qwen2.5:7b", 121.0), ("qwen3.8:27b", 149)].map { name, points in
            ScoredMember(
                id: "x/\(name)", name: LocalModelName(name), parameters: LocalModelName(name).parameters ?? 0,
                points: points)
        }
        func ability(_ name: String) -> LocalModelAbility {
            LocalModelAbility(LocalModelEstimate(ServedModel(name: name)), scored: members)
        }
        #expect(ability("qwen2.5:7b").points == 121 && ability("qwen2.5:7b").deviation == 6)
        #expect(ability("qwen2.5:32b").nearest == "x/qwen2.5:7b", "a later generation says nothing of an earlier one")
        #expect(ability("qwen3:8b").points > 121 && ability("qwen3:8b").deviation > 9)
        #expect(ability("qwen2:7b").nearest == "models of its size")
        #expect(ability("qwen-of-unknown-size").deviation == 12)
    }

    @Test("more parameters and more bits are slower, and cost more energy")
    func speeds() {
        let names = ["a:135m", "a:1b", "a:3b", "a:8b", "a:8b-q8_0", "a:70b", "a:70b-fp16"]
        let estimates = names.map { LocalModelEstimate(ServedModel(name: $0)) }
        for (small, large) in zip(estimates, estimates.dropFirst()) {
            #expect(small.speed.decodeTokensPerSecond > large.speed.decodeTokensPerSecond, "\(small.summary)")
            #expect(small.energy.joulesPerDecodeToken < large.energy.joulesPerDecodeToken, "\(small.summary)")
        }
        let reference = LocalModelEstimate(ServedModel(name: "qwen2.5", parameters: 7.62, quantization: "Q4_K_M"))
        #expect(abs(reference.speed.decodeTokensPerSecond - 87.8) < 1)
        #expect(abs(reference.energy.joulesPerDecodeToken - 1.99) < 0.03 && reference.energy.provenance == .estimated)
        #expect(estimates.map(\.tier) == [.tiny, .small, .small, .medium, .medium, .large, .large])
    }

    @Test("what a server tells goes before what the name says")
    func metadata() throws {
        func list(_ text: String) throws -> JSONValue { try JSONDocument(Array(text.utf8)).root }
        let vLLM = try #require(
            ServedModel.list(list(#"{"data":[{"id":"m","owned_by":"vllm","max_model_len":32768},{"id":5},7]}"#)))
        #expect(vLLM == [ServedModel(name: "m", owner: "vllm", contextTokens: 32768)])
        let llama = try #require(
            ServedModel.list(list(#"{"data":[{"id":"m","meta":{"n_params":8030000000,"n_ctx_train":131072}}]}"#)))
        #expect(llama == [ServedModel(name: "m", parameters: 8.03, contextTokens: 8192)])
        let tags = try list(
            #"{"models":[{"name":"m:latest","details":{"parameter_size":"3.2B","quantization_level":"Q8_0"}},1]}"#)
        let told = ServedModel.adding(tags: tags, to: [ServedModel(name: "m:latest"), ServedModel(name: "n")])
        #expect(told.map(\.parameters) == [3.2, nil] && told.map(\.quantization) == ["Q8_0", nil])
        #expect(ServedModel.list(try list(#"{"error":"no"}"#)) == nil)
    }

    @Test("unknown models become edge models without a fee, and say that their figures are estimates")
    func models() throws {
        let served = ["llama3.2:3b", "qwen3:8b", "nomic-embed-text:latest"].map {
            ServedModel(name: $0, owner: "library")
        }
        let found = LocalModels(
            served, at: try Self.ollama(), in: ModelCatalog(models: [], version: "t"), today: Self.today)
        #expect(found.skipped.isEmpty)
        #expect(
            found.models.map(\.model.id.rawValue) == ["local/llama3.2-3b", "local/nomic-embed-text", "local/qwen3-8b"])
        let llama = try #require(found.models.first)
        #expect(llama.note == "at http://127.0.0.1:11434, 3B, estimated")
        #expect(llama.model.placement == .edge && llama.model.endpoint.modelName == "llama3.2:3b")
        #expect(llama.model.capabilities == [.streaming, .structuredOutput, .tools])
        #expect(llama.model.contextTokens == 4096 && llama.model.provider == "ollama")
        let price = try llama.model.price(on: Self.today)
        #expect(try price.cost(of: Usage(input: 1000, output: 1000)) == .zero)
        #expect(llama.model.published?.isOfNearest == true)
        #expect(found.models[1].model.capabilities == [.embeddings])
    }

    @Test("names that are none, repeats, and more than 200 are left out with a line each")
    func hostile() throws {
        let names = [
            "", "a\nb", String(repeating: "x", count: 10_000), "ok:3b", "ok:3b", "模型", "a b", "gpt-4o", "claude-9",
            "deepseek-v3.1:671b-cloud", "gpt-oss:20b", "../../etc/passwd",
        ]
        let empty = ModelCatalog(models: [], version: "t")
        let found = LocalModels(
            names.map { ServedModel(name: $0) }, at: try Self.ollama(), in: empty, today: Self.today)
        #expect(found.models.map(\.model.id.rawValue) == ["local/gpt-oss-20b", "local/ok-3b", "local/passwd"])
        #expect(found.skipped.count == 9)
        #expect(found.skipped.allSatisfy { $0.utf8.count < 250 && !$0.contains("\n") })
        let many = (0..<500).map { ServedModel(name: "m\($0):1b") }
        #expect(LocalModels(many, at: try Self.ollama(), in: empty, today: Self.today).models.count == 200)
        let router = [ServedModel(name: "hera"), ServedModel(name: "m:1b")]
        #expect(LocalModels(router, at: try Self.ollama(), in: empty, today: Self.today).models.isEmpty)
    }

    @Test("two servers' models of one name have different ids, and the catalog's own models stay as they are")
    func clashes() throws {
        let first = LocalModels(
            [ServedModel(name: "m:3b")], at: try Self.ollama(), in: ModelCatalog(models: [], version: "t"),
            today: Self.today)
        let catalog = ModelCatalog(models: first.models.map(\.model), version: "t")
        let other = try LocalServer(url: "http://localhost:8000/v1/")
        let second = LocalModels([ServedModel(name: "m:3b")], at: other, in: catalog, today: Self.today)
        #expect(second.models.map(\.model.id.rawValue) == ["local/m-3b@8000"])
        let again = try LocalServer(url: "http://LOCALHOST:11434")
        let third = LocalModels([ServedModel(name: "m:3b")], at: again, in: catalog, today: Self.today)
        #expect(third.models.isEmpty && third.skipped.isEmpty)
        let bare = LocalModels(
            [ServedModel(name: "m:3b")], at: try LocalServer(url: "http://[fd00::1]"), in: catalog, today: Self.today)
        #expect(bare.models.map(\.model.id.rawValue) == ["local/m-3b@fd00::1"])
    }

    @Test(
        "a URL that is none is refused, and no message repeats a password",
        arguments: [
            "", "127.0.0.1:80", "ftp://x", "http://", "http://:80", "http://x:0", "http://x:99999", "http://u:secret@x",
            "http://x?q=secret", "http://x y", "http://x\n",
        ])
    func urls(text: String) {
        #expect(throws: LocalServerFault.self) { try LocalServer(url: text) }
        do {
            _ = try LocalServer(url: text)
        } catch {
            #expect(!"\(error)".contains("secret"))
        }
    }

    @Test("entries written for a server's models are read back as they were, whatever their names")
    func entries() throws {
        let names = ["llama3.2:3b", "Qwen/Qwen3-8B-AWQ", "nomic-embed-text", #"a"b: #{x}"#.replacing(" ", with: "")]
        let found = LocalModels(
            names.map { ServedModel(name: $0) }, at: try Self.ollama(), in: ModelCatalog(models: [], version: "t"),
            today: Self.today)
        #expect(found.models.count == 4)
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("hera-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let half = LocalModelYAML(found.models.prefix(2).map(\.model)).file
        let rest = LocalModelYAML(found.models.suffix(2).map(\.model)).entries
        try Data("\(half)\n\(rest)".utf8).write(to: folder.appendingPathComponent("local.yaml"))
        let catalog = try ModelCatalog.load(directory: folder.path, today: Self.today)
        #expect(catalog.models.count == 4)
        for model in found.models.map(\.model) {
            let read = try #require(catalog[model.id])
            #expect(read.endpoint == model.endpoint && read.capabilities == model.capabilities)
            #expect(read.prices == model.prices && read.slots == model.slots && read.tier == model.tier)
            let energy = try #require(model.energy?.joulesPerDecodeToken)
            #expect(abs((read.energy?.joulesPerDecodeToken ?? 0) - energy) < 0.001)
        }
    }
}
