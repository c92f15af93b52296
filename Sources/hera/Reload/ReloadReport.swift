import Catalog
import Domain
import Steps

/// What a reload changed, in words for the log.
struct ReloadReport {
    /// One change each; a single line where nothing changed.
    let lines: [String]

    /// - Parameter asked: the settings as the file has them, of which some need a restart.
    init(
        from oldCatalog: ModelCatalog, _ old: Settings, to newCatalog: ModelCatalog, _ new: Settings, asked: Settings
    ) {
        var lines = Self.models(oldCatalog, newCatalog)
        if old.defaultPolicy != new.defaultPolicy { lines.append("default_policy changed") }
        lines += Self.names("policy", old.policies, new.policies)
        lines += Self.names("shadow of policy", old.shadows, new.shadows)
        if old.experiments != new.experiments { lines.append("experiments changed") }
        if old.aliases != new.aliases { lines.append("aliases changed") }
        if old.economics != new.economics { lines.append("electricity or transfer changed") }
        lines += [
            ("guardrail", old.guardrail != new.guardrail), ("jwt", old.jwt != new.jwt),
            ("hosts", old.hosts != new.hosts), ("metadata_tags", old.metadataTags != new.metadataTags),
        ].filter(\.1).map { "\($0.0) changed" }
        let waiting = [
            ("limits", old.limits != asked.limits), ("webhooks", old.webhooks != asked.webhooks),
            ("alerts", old.alerts != asked.alerts), ("tracing", old.tracing != asked.tracing),
            ("jwt", new.jwt != asked.jwt),
            ("servers", old.servers != asked.servers || old.usesUsualServers != asked.usesUsualServers),
            ("service", old.service != asked.service), ("durability", old.durability != asked.durability),
        ].filter(\.1).map(\.0)
        if !waiting.isEmpty { lines.append("\(waiting.joined(separator: ", ")): in use after a restart") }
        self.lines = lines.isEmpty ? ["nothing changed"] : lines
    }

    private static func models(_ old: ModelCatalog, _ new: ModelCatalog) -> [String] {
        func list(_ ids: [ModelID]) -> String {
            ids.prefix(5).map(\.rawValue).joined(separator: ", ") + (ids.count > 5 ? " and \(ids.count - 5) more" : "")
        }
        let added = new.models.map(\.id).filter { old[$0]?.id != $0 }
        let removed = old.models.map(\.id).filter { new[$0]?.id != $0 }
        let changed = new.models.filter { model in old[model.id].map { $0.id == model.id && $0 != model } ?? false }
        let repriced = changed.filter { model in old[model.id]?.prices != model.prices }
        let others = changed.filter { model in !repriced.contains { $0.id == model.id } }
        return [
            ("models added", added), ("models removed", removed), ("prices changed", repriced.map(\.id)),
            ("models changed", others.map(\.id)),
        ].filter { !$0.1.isEmpty }.map { "\($0.0): \(list($0.1))" }
    }

    private static func names<Value: Hashable>(
        _ kind: String, _ old: [String: Value], _ new: [String: Value]
    ) -> [String] {
        Set(old.keys).union(new.keys).sorted().compactMap { name in
            let shown = name.isEmpty ? "default" : name
            switch (old[name], new[name]) {
            case (nil, _?): return "\(kind) \(shown) added"
            case (_?, nil): return "\(kind) \(shown) removed"
            case (let before, let after): return before == after ? nil : "\(kind) \(shown) changed"
            }
        }
    }
}
