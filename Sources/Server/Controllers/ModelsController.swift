import Calls
import Catalog
import Domain
import Foundation
import HTTPTypes
import Hummingbird
import JSON
import Steps

/// Lists the valid values of `model`.
struct ModelsController {
    let models: ModelRegistry
    let settings: CurrentSettings

    func addRoutes(to group: RouterGroup<HeraContext>) {
        group.get("models", use: list)
        group.get("models/**", use: model)
    }

    /// One valid value of `model`, in the client's dialect. Its id may hold slashes, written as they are or as `%2F`.
    @Sendable
    func model(request: Request, context: HeraContext) async throws -> Response {
        let id = context.parameters.getCatchAll().map { $0.removingPercentEncoding ?? String($0) }.joined(
            separator: "/")
        let names = ModelList(of: models, settings.value, includesUnavailable: true)
        let isAnthropic = request.headers[.anthropicVersion] != nil
        guard let body = names.document(of: id, isAnthropic: isAnthropic) else {
            throw ServiceError.unknownModel(id, suggestion: names.closest(to: id))
        }
        return Response(json: body)
    }

    /// Writes the list in the client's dialect. `?all=true` adds unavailable models with the reason.
    @Sendable
    func list(request: Request, context: HeraContext) async throws -> Response {
        let names = ModelList(
            of: models, settings.value, includesUnavailable: request.uri.queryParameters["all"] == "true")
        return Response(json: request.headers[.anthropicVersion] == nil ? names.openAI : names.anthropic)
    }
}

/// The valid values of a request's `model`: policies, aliases and models.
struct ModelList {
    private struct Entry {
        let id: String
        let owner: String
        /// An alias's target.
        var target: String?
        /// The reason why the model is unavailable.
        var problem: String?
        /// What the figures of a local server's model are estimated from.
        var estimate: String?
    }

    private var entries: [Entry] = []
    private let patterns: [ModelAliases.Pattern]

    /// - Parameter includesUnavailable: includes unavailable models and their aliases.
    init(of registry: ModelRegistry, _ settings: Settings, includesUnavailable: Bool) {
        patterns = settings.aliases.patterns
        for name in ["hera"] + settings.policies.keys.sorted().map({ "hera/\($0)" }) {
            entries.append(Entry(id: name, owner: "hera"))
        }
        for (name, target) in settings.aliases.names.sorted(by: { $0.key < $1.key }) {
            let problem = registry.catalog[ModelID(target)].flatMap { registry.problem(of: $0.id) }
            entries.append(Entry(id: name, owner: "hera", target: target, problem: problem))
        }
        for model in registry.catalog.models {
            entries.append(
                Entry(
                    id: model.id.rawValue, owner: model.provider, problem: registry.problem(of: model.id),
                    estimate: registry.localModel(model.id).map { "from its name and size (\($0.summary))" }))
        }
        if !includesUnavailable { entries.removeAll { $0.problem != nil } }
    }

    /// OpenAI's format. `alias_of` holds an alias's target, `aliases` the alias patterns.
    var openAI: [UInt8] {
        var writer = JSONWriter()
        writer.object { list in
            list.member("object", "list")
            list.member(
                "data",
                array: { data in
                    for entry in entries { data.object { Self.writeOpenAI(entry, to: &$0) } }
                })
            if !patterns.isEmpty {
                list.member(
                    "aliases",
                    object: { forms in for pattern in patterns { forms.member(pattern.text, pattern.target) } })
            }
        }
        return writer.bytes
    }

    /// Anthropic's format, on a single page.
    var anthropic: [UInt8] {
        var writer = JSONWriter()
        writer.object { list in
            list.member(
                "data",
                array: { data in
                    for entry in entries { data.object { Self.writeAnthropic(entry, to: &$0) } }
                })
            list.member("has_more", false)
            list.member("first_id", entries.first?.id)
            list.member("last_id", entries.last?.id)
        }
        return writer.bytes
    }

    /// One of the values as a document of its own; nil for any other name.
    func document(of id: String, isAnthropic: Bool) -> [UInt8]? {
        guard let entry = entries.first(where: { $0.id == id }) else { return nil }
        var writer = JSONWriter()
        writer.object { isAnthropic ? Self.writeAnthropic(entry, to: &$0) : Self.writeOpenAI(entry, to: &$0) }
        return writer.bytes
    }

    func closest(to id: String) -> String? { Spelling.closest(to: id, among: entries.map(\.id)) }

    private static func writeOpenAI(_ entry: Entry, to model: inout JSONWriter) {
        model.member("id", entry.id)
        model.member("object", "model")
        model.member("created", 0)
        model.member("owned_by", entry.owner)
        writeRest(of: entry, to: &model)
    }

    private static func writeAnthropic(_ entry: Entry, to model: inout JSONWriter) {
        model.member("type", "model")
        model.member("id", entry.id)
        model.member("display_name", entry.target.map { "\(entry.id) (\($0))" } ?? entry.id)
        model.member("created_at", "1970-01-01T00:00:00Z")
        writeRest(of: entry, to: &model)
    }

    private static func writeRest(of entry: Entry, to model: inout JSONWriter) {
        if let target = entry.target { model.member("alias_of", target) }
        if let problem = entry.problem { model.member("unavailable", problem) }
        if let estimate = entry.estimate { model.member("estimated", estimate) }
    }
}

extension ModelRegistry {
    /// The reason why a model is unavailable, or nil.
    fileprivate func problem(of model: ModelID) -> String? {
        if case .unavailable(let reason) = availability(of: model) { reason } else { nil }
    }
}
