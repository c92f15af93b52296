package import Domain

/// A local server's model that no entry of the catalog names, with figures that are estimates.
package struct LocalModel: Hashable, Sendable {
    /// With zero prices, and a published score that is an estimate.
    package let model: Model
    /// Size and quantisation: `3B, Q4_K_M`.
    package let summary: String
    /// The server's address, without its version.
    package let server: String

    /// What a report says of it: `at http://127.0.0.1:11434, 3B, estimated`.
    package var note: String { "at \(server), \(summary), estimated" }
}

/// The models of a local server's list that a catalog lacks.
package struct LocalModels: Sendable {
    /// Sorted by id.
    package let models: [LocalModel]
    /// Why others were left out, one line each.
    package let skipped: [String]

    /// Most models taken of one server.
    package static let most = 200
    private static let longestName = 200

    /// - Parameter today: the day of the prices, which are zero.
    package init(_ served: [ServedModel], at server: LocalServer, in catalog: ModelCatalog, today: CalendarDay) {
        // A Hera lists the names of its router. Its models are not this machine's, and it may be this one.
        guard !served.contains(where: { $0.name == "hera" }) else {
            models = []
            skipped = ["\(server.title) is a Hera, its models are not taken"]
            return
        }
        var found: [LocalModel] = []
        var lines: [String] = []
        if served.count > Self.most {
            lines.append("\(server.title) lists \(served.count) models, the first \(Self.most) are taken")
        }
        let names = KnownNames(of: catalog, at: server)
        let scored = catalog.models.compactMap(ScoredMember.init)
        var seen: Set<String> = []
        for model in served.prefix(Self.most) {
            let shown = "'\(Self.shown(model.name))' of \(server.title) is left out: "
            guard Self.isName(model.name), let id = Self.id(of: model.name) else {
                lines.append(shown + "it is no name of a model")
                continue
            }
            guard seen.insert(model.name).inserted else {
                lines.append(shown + "it is listed twice")
                continue
            }
            if names.isServed(model.name) { continue }
            if let reason = names.reasonAgainst(model.name) {
                lines.append(shown + reason)
                continue
            }
            let taken = found.map(\.model.id)
            let ids = [id, ModelID("\(id)@\(server.suffix)")]
            guard let free = ids.first(where: { catalog[$0] == nil && !taken.contains($0) }) else {
                lines.append(shown + "another model has the id '\(id)'")
                continue
            }
            found.append(Self.model(model, id: free, at: server, scored: scored, today: today))
        }
        models = found.sorted { $0.model.id < $1.model.id }
        skipped = lines
    }

    private static func isName(_ name: String) -> Bool {
        (1...longestName).contains(name.utf8.count)
            && name.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control && $0.value != 0x20 }
    }

    /// The start of a name, for one line of a log.
    private static func shown(_ name: String) -> String {
        let scalars = name.unicodeScalars.prefix(60).map { (0x20..<0x7F).contains($0.value) ? Character($0) : "?" }
        return String(scalars) + (name.unicodeScalars.count > 60 ? "..." : "")
    }

    /// `local/` and the name in lower case, other characters as hyphens; of a path its file. Nil where nothing is left.
    static func id(of name: String) -> ModelID? {
        var text = Substring(name.lowercased())
        if text.hasPrefix("/") || text.hasPrefix(".") || text.hasSuffix(".gguf") {
            text = text.split(separator: "/").last ?? ""
        }
        if text.hasSuffix(".gguf") { text = text.dropLast(5) }
        if text.hasSuffix(":latest") { text = text.dropLast(7) }
        let bytes = text.utf8.map { $0.isLetterOrDigit || "-_./".utf8.contains($0) ? $0 : UInt8(ascii: "-") }
        let joined = String(decoding: bytes, as: UTF8.self).split(separator: "/").joined(separator: "/")
        let trimmed = joined.drop { "-_./".contains($0) }
        guard trimmed.utf8.contains(where: \.isLetterOrDigit) else { return nil }
        return ModelID("local/\(trimmed)")
    }

    private static func model(
        _ served: ServedModel, id: ModelID, at server: LocalServer, scored: [ScoredMember], today: CalendarDay
    ) -> LocalModel {
        let kind = LocalServerKind(of: server, owner: served.owner)
        let estimate = LocalModelEstimate(served)
        let ability = LocalModelAbility(estimate, scored: scored)
        let capabilities = estimate.capabilities(at: kind)
        let context = served.contextTokens ?? kind.contextTokens
        let model = Model(
            id: id, provider: kind.rawValue,
            endpoint: Endpoint(
                baseURL: server.baseURL, wire: .openAI, modelName: served.name, access: server.access),
            placement: .edge, tier: estimate.tier, contextTokens: context,
            maxOutputTokens: max(min(context / 2, 8192), 1), capabilities: capabilities,
            prices: [
                Price(
                    tiers: [.standard: Rates([.input: .zero, .output: .zero])],
                    source: "no fee, the model runs on the operator's hardware", asOf: today)
            ],
            energy: estimate.energy, amortisation: desktop, slots: kind.slots, speed: estimate.speed,
            published: capabilities.contains(.embeddings) ? nil : ability.record(on: today))
        return LocalModel(model: model, summary: estimate.summary, server: server.title)
    }

    /// The same assumption as in Catalog/edge.yaml, so that its models and these cost alike.
    private static let desktop = Amortisation(
        nanoUSDPerBusySecond: 52_850, source: "assumed: a desktop of 1,000 USD, 3 years, busy 20 % of the time")
}

/// The names that a catalog's models go by.
private struct KnownNames {
    /// At this server.
    private let here: Set<String>
    /// At providers that are paid by the token.
    private let paid: Set<String>

    init(of catalog: ModelCatalog, at server: LocalServer) {
        here = Set(
            catalog.models.filter { LocalServer.address($0.endpoint.baseURL) == server.address }
                .map(\.endpoint.modelName))
        paid = Set(
            catalog.models.filter { $0.placement == .cloud && $0.prices.contains { !$0.isFree } }
                .flatMap { [$0.endpoint.modelName, $0.id.rawValue] + $0.aliases.map(\.rawValue) }
                .map { $0.lowercased() })
    }

    /// Whether the catalog names a model at this server, with or without Ollama's tag.
    func isServed(_ name: String) -> Bool {
        here.contains(name) || name.hasSuffix(":latest") && here.contains(String(name.dropLast(7)))
    }

    /// Why a name is not that of a model on the operator's hardware; nil where it may be. A gateway's models are
    /// billed by someone else and must not count as free.
    func reasonAgainst(_ name: String) -> String? {
        let lower = name.lowercased()
        let base = lower.split(separator: "/").last.map(String.init) ?? lower
        let isHosted =
            lower.hasSuffix("-cloud") || lower.hasSuffix(":cloud")
            || Self.hosted.contains { base.hasPrefix($0) } && !base.hasPrefix("gpt-oss")
        if isHosted || paid.contains(lower) {
            return "it may be billed by a provider; give it an entry in the catalog with its price"
        }
        return nil
    }

    /// Beginnings of names that only providers serve.
    private static let hosted = ["gpt-", "chatgpt", "claude", "gemini", "o1", "o3", "o4", "grok-"]
}

extension Price {
    /// Whether every standard rate is zero.
    fileprivate var isFree: Bool {
        self[.standard]?.prices.values.allSatisfy { $0 == .zero } ?? true
    }
}
