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
        let lack = endpoints.filter { $0.keyVariable.map { keys.secret(named: $0) == nil } ?? false }
        let have = endpoints.filter { !lack.contains($0) }
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
        await Installation.withUpstream(settings) { upstream in
            for endpoint in have {
                let credentials: Credentials
                do throws(UpstreamError) {
                    credentials = try await keys.credentials(for: endpoint.access)
                } catch {
                    findings.append(
                        Finding(
                            "keys", .failed, "\(Self.name(endpoint)): \(error)",
                            do: "correct it, or take its models out"))
                    continue
                }
                let result = await upstream.probe(endpoint, credentials: credentials)
                findings.append(Self.finding(endpoint, result))
                if result.problem == nil { live += 1 }
            }
        }
        for server in servers where !server.access.isOpen {
            guard let problem = await keys.problem(with: server.access) else { continue }
            findings.append(Finding("servers", .failed, "\(server.title): \(problem)", do: "correct it in `servers`"))
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

    /// One endpoint of each way in that needs a secret.
    private static func endpoints(_ catalog: ModelCatalog) -> [Endpoint] {
        var seen: Set<EndpointAccess> = []
        return catalog.models.map(\.endpoint).filter { !$0.access.isOpen && seen.insert($0.access).inserted }
            .sorted { name($0) < name($1) }
    }

    /// The source of an endpoint's key, as people know it.
    private static func name(_ endpoint: Endpoint) -> String {
        if let key = endpoint.access.key { return "\(key)" }
        return endpoint.access.signing == nil ? "the headers for \(endpoint.baseURL)" : "AWS_ACCESS_KEY_ID"
    }

    private static func finding(_ endpoint: Endpoint, _ result: ProbeResult) -> Finding {
        let name = name(endpoint)
        guard let problem = result.problem else {
            return Finding("keys", .fine, "\(name) is accepted (\(result.models.count) models listed)")
        }
        return result.isReachable
            ? Finding(
                "keys", .failed, "\(name) is refused: \(problem)",
                do: "make a new key at the provider"
                    + (endpoint.keyVariable.map { "; `unset \($0)` where it is not meant to be used" } ?? ""))
            : Finding(
                "keys", .failed, "\(name): \(endpoint.baseURL) does not answer: \(problem)",
                do: "see that this machine reaches it (proxy, firewall, DNS)")
    }
}
