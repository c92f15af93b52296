package import Catalog
package import Domain
package import JSON

extension Policy {
    /// Resolves all model names of the policy to catalog ids.
    ///
    /// - Parameter path: of the policy, for error messages.
    /// - Throws: the field with an unknown model name.
    package func resolved(in catalog: ModelCatalog, path: String = "") throws(FieldError) -> Policy {
        let prefix = path.isEmpty ? "" : "\(path)."
        var policy = self
        policy.models = try models.resolved(in: catalog, path: "\(prefix)models")
        if let predictor = sequence.textPredictor {
            policy.sequence.textPredictor = try catalog.id(of: predictor, field: "\(prefix)text_predictor")
        }
        if case .model(let name) = sequence.decomposition.decomposer {
            policy.sequence.decomposition.decomposer = .model(
                try catalog.id(of: name, field: "\(prefix)decompose.by"))
        }
        return policy
    }
}

extension ModelFilter {
    /// Resolves the filter's names to catalog ids.
    package func resolved(in catalog: ModelCatalog, path: String) throws(FieldError) -> ModelFilter {
        var filter = ModelFilter()
        for name in allow { filter.allow.append(try catalog.id(of: name, field: "\(path).allow")) }
        for name in deny { filter.deny.append(try catalog.id(of: name, field: "\(path).deny")) }
        return filter
    }
}

extension Settings {
    /// Resolves the model names of policies and aliases to catalog ids.
    package func resolved(in catalog: ModelCatalog) throws(FieldError) -> Settings {
        var settings = self
        settings.defaultPolicy = try defaultPolicy.resolved(in: catalog, path: "default_policy")
        for (name, policy) in policies {
            settings.policies[name] = try policy.resolved(in: catalog, path: "policies.\(name)")
        }
        settings.aliases = try aliases.resolved(in: catalog)
        return settings
    }
}

extension ModelCatalog {
    /// The id of a model by id or alias.
    func id(of name: ModelID, field: String) throws(FieldError) -> ModelID {
        if let model = self[name] { return model.id }
        let hint = Spelling.closest(to: name.rawValue, among: models.map(\.id.rawValue))
            .map { "did you mean '\($0)'?" }
        throw FieldError(
            field, "no model is named '\(name)'; \(hint ?? "`hera catalog list` and GET /v1/models?all=true name them")"
        )
    }
}
