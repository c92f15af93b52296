import Calls
import Catalog
package import Domain
import JSON
package import Routing

/// Resolution of a request's `model`.
extension StepService {
    /// The policy or model that a name selects.
    package enum Target {
        case policy(Policy, name: String?)
        case pinned(PricedModel)
    }

    /// Applies the operator's aliases; model ids and unknown names stay unchanged.
    func meaning(of name: String) -> String {
        if registry.catalog[ModelID(name)]?.id.rawValue == name { return name }
        return settings.aliases.target(of: name) ?? name
    }

    /// Resolves `hera`, `hera/<policy>`, a catalog model, or an alias of these.
    package func target(of name: String, at now: Timestamp) throws -> Target {
        let meant = meaning(of: name)
        if meant == "hera" || meant == "hera/default" { return .policy(settings.defaultPolicy, name: nil) }
        if meant.hasPrefix("hera/") {
            let policy = String(meant.dropFirst(5))
            if let found = settings.policies[policy] { return .policy(found, name: policy) }
            let hint = Spelling.closest(to: policy, among: settings.policies.keys).map { "hera/\($0)" }
            throw ServiceError.unknownModel(meant, suggestion: hint ?? "hera")
        }
        let priced = try model(named: meant, at: now)
        guard !priced.model.capabilities.contains(.embeddings) else {
            throw FieldError("model", "\(priced.model.id) makes vectors and no answers: use POST /v1/embeddings")
        }
        return .pinned(priced)
    }

    /// The catalog model of a name (``ModelCatalog/model(named:)``).
    ///
    /// - Throws: where no model has the name, or it is unavailable.
    func model(named name: String, at now: Timestamp) throws -> PricedModel {
        let catalog = registry.catalog
        guard let model = catalog.model(named: name) else {
            let names =
                catalog.models.map(\.id.rawValue) + ["hera"] + settings.policies.keys.map { "hera/\($0)" }
                + settings.aliases.names.keys
            throw ServiceError.unknownModel(name, suggestion: Spelling.closest(to: name, among: names))
        }
        if case .unavailable(let reason) = registry.availability(of: model.id) {
            throw ServiceError.modelUnavailable(model.id, reason: reason)
        }
        guard let priced = registry.pricedModel(model.id, at: now) else {
            throw ServiceError.modelUnavailable(model.id, reason: "no price is valid today; renew it in the catalog")
        }
        return priced
    }
}

extension ModelCatalog {
    /// The model with this id, alias or served name. A suffix with a date or `latest`, as providers' clients send, is
    /// ignored where nothing else matches. Nil where no model or several match.
    func model(named name: String) -> Model? {
        known(name) ?? Self.undated(name).flatMap(known)
    }

    private func known(_ name: String) -> Model? {
        if let model = self[ModelID(name)] { return model }
        let served = models.filter { $0.endpoint.modelName == name }
        return served.count == 1 ? served[0] : nil
    }

    /// The name without a suffix `-YYYYMMDD`, `-YYYY-MM-DD` or `-latest`; nil without suffix.
    static func undated(_ name: String) -> String? {
        for ending in [/(.+)-\d{8}/, /(.+)-\d{4}-\d{2}-\d{2}/, /(.+)-latest/] {
            if let match = name.wholeMatch(of: ending) { return String(match.1) }
        }
        return nil
    }
}
