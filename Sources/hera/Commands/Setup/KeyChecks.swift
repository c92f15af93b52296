import Calls
import Catalog
import Dialects
import Domain
import Foundation
import Steps
import Upstream

/// Tests of providers' keys and local servers, by calls that cost nothing.
struct KeyChecks {
    let catalog: ModelCatalog
    let settings: Settings
    let installation: InstallationOptions
    let isOffline: Bool

    func findings() async -> [Finding] {
        let keys: APIKeys
        do {
            keys = try Installation.apiKeys(config: installation.config)
        } catch {
            return [Finding("keys", .failed, error.message)]
        }
        let endpoints = Self.endpoints(catalog)
        let (have, lack) = (
            endpoints.filter { keys.key(for: $0) != nil }, endpoints.filter { keys.key(for: $0) == nil }
        )
        var findings: [Finding] = []
        if !lack.isEmpty {
            let names = lack.compactMap(\.keyVariable).joined(separator: ", ")
            findings.append(
                Finding(
                    "keys", .fine, "not set: \(names)",
                    do: have.isEmpty ? "set those that you have, in the environment or in service.keys_file" : nil))
        }
        guard !isOffline else { return findings }
        let servers = settings.localServers
        var live = 0
        await Installation.withUpstream { upstream in
            for endpoint in have {
                let result = await upstream.probe(endpoint, key: keys.key(for: endpoint))
                findings.append(Self.finding(endpoint, result))
                if result.problem == nil { live += 1 }
            }
        }
        let found = await LocalNames.live(servers, besides: catalog, keys: keys)
        findings += found.findings
        live += found.liveCount
        if live == 0 {
            findings.append(
                Finding(
                    "models", .failed, "no model can be called",
                    do: "set a provider's key, or start a local server (Ollama, llama.cpp, vLLM, LM Studio)"))
        }
        return findings
    }

    /// One endpoint of each key variable.
    private static func endpoints(_ catalog: ModelCatalog) -> [Endpoint] {
        var seen: Set<String> = []
        return catalog.models.map(\.endpoint).filter { endpoint in
            endpoint.keyVariable.map { seen.insert($0).inserted } ?? false
        }.sorted { ($0.keyVariable ?? "") < ($1.keyVariable ?? "") }
    }

    private static func finding(_ endpoint: Endpoint, _ result: ProbeResult) -> Finding {
        let name = endpoint.keyVariable ?? ""
        guard let problem = result.problem else {
            return Finding("keys", .fine, "\(name) is accepted (\(result.models.count) models listed)")
        }
        return result.isReachable
            ? Finding(
                "keys", .failed, "\(name) is refused: \(problem)",
                do: "make a new key at the provider; `unset \(name)` where it is not meant to be used")
            : Finding(
                "keys", .failed, "\(name): \(endpoint.baseURL) does not answer: \(problem)",
                do: "see that this machine reaches it (proxy, firewall, DNS)")
    }
}
