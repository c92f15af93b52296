import Catalog
import Domain
import Estimation
import Foundation
import JSON
import Training

/// The model that is asked, and the catalog that it stands in.
struct ProbedModel {
    let id: ModelID
    let catalog: ModelCatalog
    /// Whether it stands in the operator's own catalog.
    let isListed: Bool

    /// - Throws: `Exit` for an unknown model, or a server that is not on this machine.
    init(command: ProfileCommand, catalog: ModelCatalog) throws {
        guard let server = command.asking.server else {
            guard let model = catalog[ModelID(command.model)] else {
                let names = catalog.models.map(\.id.rawValue)
                let hint = Spelling.closest(to: command.model, among: names).map { "did you mean '\($0)'? " } ?? ""
                throw Exit(
                    64,
                    "no model of the catalog is named '\(command.model)'; \(hint)`hera catalog list` shows them, and "
                        + "--server URL asks a server on this machine that is in no catalog")
            }
            id = model.id
            self.catalog = catalog
            isListed = true
            return
        }
        // Elsewhere a call might be billed, and nobody would know the price.
        guard let host = URL(string: server)?.host, ["localhost", "::1"].contains(host) || host.hasPrefix("127.") else {
            throw Exit(
                64,
                "--server \(server): must be a URL of this machine; put other servers and their prices into the catalog"
            )
        }
        let day = Timestamp.now().day
        let free = Price(
            tiers: [.standard: Rates([.input: .zero, .output: .zero])],
            source: "no fee, a server on the operator's hardware", asOf: day)
        let model = Model(
            id: ModelID("server/\(command.model)"), provider: "local",
            endpoint: Endpoint(baseURL: server, wire: .openAI, modelName: command.model, keyVariable: nil),
            placement: .edge, tier: .small, contextTokens: 4096, maxOutputTokens: 4096,
            capabilities: [.streaming], prices: [free], slots: 1,
            speed: Speed(
                overheadSeconds: 0, prefillTokensPerSecond: 100, decodeTokensPerSecond: 10, provenance: .estimated))
        id = model.id
        self.catalog = ModelCatalog(models: catalog.models + [model], version: catalog.version)
        isListed = false
    }

    /// The profile's name: as asked for, the catalog's, or the model's own without its maker.
    /// - Throws: `Exit` where a profile of that name comes from recorded answers.
    func profileName(_ wanted: String?, known prober: LiveProber) throws -> String {
        let own = id.rawValue.split(separator: "/").last.map(String.init) ?? id.rawValue
        let name = wanted ?? catalog[id]?.profile?.rawValue ?? own
        if prober.hasMeasured(ModelID(name)) {
            throw Exit(
                65,
                "\(name) has a profile from recorded answers already, which knows it better than probes can; "
                    + "--name OTHER makes another beside it")
        }
        return name
    }
}
