package import JSON

/// A model as a local server lists it.
package struct ServedModel: Hashable, Sendable {
    /// The server's name for it.
    package var name: String
    /// `owned_by`; nil where it is not told.
    package var owner: String?
    /// In billions; nil where it is not told.
    package var parameters: Double?
    /// For example `Q4_K_M`; nil where it is not told.
    package var quantization: String?
    /// Tokens of context; nil where they are not told.
    package var contextTokens: Int?

    package init(
        name: String, owner: String? = nil, parameters: Double? = nil, quantization: String? = nil,
        contextTokens: Int? = nil
    ) {
        self.name = name
        self.owner = owner
        self.parameters = parameters
        self.quantization = quantization
        self.contextTokens = contextTokens
    }

    /// The models of `{"data": [{"id": ...}]}`, with what vLLM, llama.cpp and others add; nil for any other document.
    package static func list(_ root: JSONValue) -> [ServedModel]? {
        guard let list = root["data"], list.kind == .array else { return nil }
        return list.elements.compactMap { entry in
            guard let name = entry["id"]?.string else { return nil }
            let meta = entry["meta"]
            // The context of the training is more than the server may have been started with.
            let trained = tokens(meta?["n_ctx_train"]).map { min($0, LocalServerKind.llamaCPP.contextTokens) }
            let context =
                tokens(entry["max_model_len"]) ?? tokens(entry["loaded_context_length"]) ?? tokens(meta?["n_ctx"])
            return ServedModel(
                name: name, owner: entry["owned_by"]?.string,
                parameters: meta?["n_params"]?.double.flatMap { ParameterCount(billions: $0 / 1e9)?.total },
                quantization: entry["quantization"]?.string.flatMap(quantization),
                contextTokens: context ?? trained)
        }
    }

    /// The models with what Ollama's `GET /api/tags` says of size and quantisation.
    package static func adding(tags root: JSONValue, to models: [ServedModel]) -> [ServedModel] {
        guard let list = root["models"], list.kind == .array else { return models }
        var details: [String: JSONValue] = [:]
        for entry in list.elements {
            guard let name = entry["name"]?.string ?? entry["model"]?.string else { continue }
            details[name] = entry["details"]
        }
        return models.map { model in
            guard let found = details[model.name] ?? details["\(model.name):latest"] else { return model }
            var model = model
            let size = found["parameter_size"]?.string.flatMap(ParameterCount.init)?.total
            model.parameters = size ?? model.parameters
            model.quantization = found["quantization_level"]?.string.flatMap(quantization) ?? model.quantization
            return model
        }
    }

    private static func tokens(_ value: JSONValue?) -> Int? {
        value?.integer.flatMap { (256...100_000_000).contains($0) ? Int($0) : nil }
    }

    /// A quantisation that is one; servers may write anything.
    private static func quantization(_ text: String) -> String? {
        guard text.count <= 12, QuantizationBits.of(text) != nil else { return nil }
        return text.uppercased()
    }
}
